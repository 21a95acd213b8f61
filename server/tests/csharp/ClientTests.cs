// The client against the real server, with a proxy between them that fails on request.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Latchkey;

/// An add-on on a computer of its own, whose clock can be set.
internal sealed class Computer : IDisposable
{
    private readonly Folder folder = new Folder();

    internal readonly Proxy Proxy;
    internal readonly LicenseSettings Settings;
    internal readonly string Fingerprint;
    internal TimeSpan ClockOffset;
    internal LicenseClient Client;

    internal Computer(Server server, string fingerprint = null)
    {
        Proxy = new Proxy(server.Port);
        Fingerprint = fingerprint ?? "MACHINE-" + Guid.NewGuid().ToString("N").ToUpperInvariant();
        Settings = new LicenseSettings
        {
            ApiUrl = Proxy.Url,
            Product = server.Product,
            PublicKeys = new[] { server.PublicKey },
            StateFile = folder.File("deep/license.json"),
            Timeout = TimeSpan.FromSeconds(20),
            Clock = () => DateTimeOffset.UtcNow + ClockOffset,
        };
        Restart();
    }

    /// A new process with the same state file.
    internal LicenseAccess Restart()
    {
        Client = new LicenseClient(Settings, Fingerprint);
        return Wait(Client.LoadAsync()).Access;
    }

    internal LicenseResult Activate(string key, string name = "Trading PC")
    {
        return Wait(Client.ActivateAsync(key, new MachineFacts { Name = name, Platform = "Windows 11", Cores = 8, AppVersion = "1.4.2" }));
    }

    internal LicenseResult Refresh()
    {
        return Wait(Client.RefreshAsync());
    }

    internal static LicenseResult Wait(Task<LicenseResult> call)
    {
        Check.That(call.Wait(TimeSpan.FromSeconds(60)), "the call ended");
        return call.Result;
    }

    /// Activated, as a check of the test's setup.
    internal Computer Activated(Issued issued, string name = "Trading PC")
    {
        LicenseResult result = Activate(issued.Key, name);
        Check.Equal("", result.Message, "the activation");
        Check.Equal(LicenseState.Licensed, result.Access.State, "the access");
        return this;
    }

    internal void Is(LicenseState expected, string when)
    {
        Check.Equal(expected, Client.Access.State, when);
        Check.Equal(expected, Restart().State, when + ", after a restart");
    }

    public void Dispose()
    {
        Proxy.Dispose();
        folder.Dispose();
    }
}

internal static class ClientTests
{
    private const string Unsigned503 =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 10\r\nConnection: close\r\n\r\n<h1>No</h1";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    internal static void Add(List<KeyValuePair<string, Action>> tests, Server server)
    {
        Action<string, Action<Server>> add =
            (name, test) => tests.Add(new KeyValuePair<string, Action>(name, () => test(server)));
        add("a computer is activated, and works offline after a restart", ActivatedAndOffline);
        add("an unsigned 503 changes nothing until the grace period ends", GracePeriod);
        add("a clock set back does not extend anything", ClockSetBack);
        add("a wrong license key is explained", WrongKeys);
        add("responses that another key signed are no responses", WrongPublicKey);
        add("a changed response is no response", ChangedResponses);
        add("a replayed response is no response", ReplayedResponses);
        add("a response to another request of the app is no response", OtherRequests);
        add("a suspended license locks, and a reinstated one unlocks", SuspendedAndReinstated);
        add("a revoked license locks at once, also after a restart without a network", Revoked);
        add("a refused activation locks", RefusedActivation);
        add("the limit names the computers and the portal page that frees one", LimitReached);
        add("a computer freed in the portal notices at its next validation", FreedInPortal);
        add("a computer is deactivated", Deactivated);
        add("a file from the portal is imported on a computer without a network, until it expires", OfflineFile);
        add("license files are accepted only if the add-on says so", LicenseFiles);
        add("a file for another computer, product or license is refused", OtherFiles);
        add("a signed key is accepted", SignedKey);
        add("heartbeats that the policy requires are sent", Heartbeats);
        add("an expired license has no grace period", ExpiredLicense);
        add("a new file is fetched when the entitlements change or half of its time has passed", NewFiles);
        add("no call blocks its thread", NothingBlocks);
        add("a slow server is given up, and a call can be canceled", TimeoutsAndCancellation);
        add("changes are announced while a lease is held", Announcements);
        add("a rate limit is reported with the time to wait", RateLimit);
        add("state files that are damaged, later or of another product are handled", StateFiles);
        add("settings are checked", InvalidSettings);
    }

    private static void ActivatedAndOffline(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            Check.Equal(LicenseState.NotActivated, computer.Client.Access.State, "before");
            Check.Equal(LicenseProblem.NoKey, computer.Refresh().Problem, "a refresh without a key");
            Check.Equal(0, computer.Proxy.Requests, "requests without a key");
            computer.Activated(issued);
            LicenseAccess access = computer.Client.Access;
            Check.That(access.Has("CHART_ASSISTANT") && !access.Has("OTHER"), "the entitlements");
            Check.That(access.Until > DateTimeOffset.UtcNow + 20 * Day, "until " + access.Until);
            Check.Contains("works offline until", access.Message, "the message");
            Check.That(computer.Client.MaskedKey.EndsWith(issued.Key.Substring(issued.Key.Length - 4), StringComparison.Ordinal), "the masked key");
            Check.Equal("Trading PC", Json.Text(server.Machines(issued).Single(), "name"), "the name at the server");
            computer.Proxy.Respond = request => Unsigned503;
            Check.That(computer.Restart().Has("CHART_ASSISTANT"), "offline, after a restart");
            computer.Proxy.Reset();
            // A second activation of the same computer takes no second slot.
            computer.Activated(issued);
            Check.Equal(1, server.Machines(issued).Count, "slots");
        }
    }

    private static void GracePeriod(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Settings.FileTtl = TimeSpan.FromHours(2);
            computer.Settings.GracePeriod = 7 * Day;
            computer.Activated(server.Issue());
            computer.Proxy.Respond = request => Unsigned503;
            foreach (var row in new[]
            {
                new { At = TimeSpan.FromHours(1), State = LicenseState.Licensed },
                new { At = TimeSpan.FromHours(3), State = LicenseState.Grace },
                new { At = 7 * Day, State = LicenseState.Grace },
                new { At = 7 * Day + TimeSpan.FromHours(3), State = LicenseState.Expired },
            })
            {
                computer.ClockOffset = row.At;
                LicenseResult result = computer.Refresh();
                Check.Equal(LicenseProblem.NoResponse, result.Problem, "after " + row.At);
                Check.Contains("not signed", result.Message, "the reason");
                computer.Is(row.State, "after " + row.At);
                Check.Equal(row.State != LicenseState.Expired, computer.Client.Access.Has("CHART_ASSISTANT"), "the entitlements after " + row.At);
            }
            // The server can be reached again. The signed time is the server's.
            computer.Proxy.Reset();
            computer.ClockOffset = TimeSpan.FromHours(3);
            Check.Equal("", computer.Refresh().Message, "a refresh in the grace period");
            computer.ClockOffset = TimeSpan.Zero;
            computer.Is(LicenseState.Licensed, "after the refresh");
        }
    }

    private static void ClockSetBack(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue());
            Check.That(!computer.Client.Access.ClockIsBehind, "a correct clock");
            computer.ClockOffset = -365 * Day;
            computer.Is(LicenseState.Licensed, "with a slow clock");
            Check.That(computer.Client.Access.ClockIsBehind, "a slow clock is reported");
            // The server has signed a later time since.
            string text = File.ReadAllText(computer.Settings.StateFile);
            string at = Json.Text(Json.Parse(text), "latest_signed");
            string later = (DateTime.UtcNow + 60 * Day).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            File.WriteAllText(computer.Settings.StateFile, text.Replace("\"latest_signed\":\"" + at, "\"latest_signed\":\"" + later));
            computer.ClockOffset = TimeSpan.Zero;
            Check.Equal(LicenseState.Expired, computer.Restart().State, "a later signed time outlasts the clock");
            // Without it, a file that is from the future shows that the clock was set back.
            File.WriteAllText(computer.Settings.StateFile, text.Replace("\"latest_signed\":\"" + at + "\"", "\"latest_signed\":null"));
            computer.ClockOffset = -1 * Day;
            Check.Equal(LicenseState.Rejected, computer.Restart().State, "a file from the future");
            Check.Contains("clock", computer.Client.Access.Message, "the message");
        }
    }

    private static void WrongKeys(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            char last = issued.Key[issued.Key.Length - 1];
            LicenseResult result = computer.Activate(issued.Key.Substring(0, issued.Key.Length - 1) + (last == '7' ? '8' : '7'));
            Check.Equal(LicenseProblem.InvalidKey, result.Problem, "a typing error");
            Check.Contains("typing error", result.Message, "the message");
            Check.Equal(0, computer.Proxy.Requests, "requests for a typing error");
            result = computer.Activate(Unknown());
            Check.Equal(LicenseProblem.Refused, result.Problem, "an unknown key");
            Check.Equal("LICENSE_INVALID", result.Code, "the code");
            computer.Is(LicenseState.Locked, "an unknown key");
            // The right key replaces it.
            computer.Activated(issued);
            Check.Equal("", Computer.Wait(computer.Client.ForgetAsync()).Message, "forget");
            computer.Is(LicenseState.NotActivated, "forgotten");
            Check.That(computer.Client.MaskedKey == null, "the key is deleted");
        }
    }

    /// A well-formed key that nobody has.
    private static string Unknown()
    {
        return "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            .Select(letter => LicenseKeys.Parse("CGPT-0123-4567-89AB-CDEF-GHJK-MNPQ-RST" + letter, out string _)).Single(key => key != null);
    }

    private static void WrongPublicKey(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            string other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
            computer.Settings.PublicKeys = new[] { other };
            computer.Restart();
            LicenseResult result = computer.Activate(issued.Key);
            Check.Equal(LicenseProblem.NoResponse, result.Problem, "another vendor's key");
            Check.Contains("not signed", result.Message, "the message");
            Check.Equal(LicenseState.NotActivated, result.Access.State, "the access");
            // Before a rotation an add-on has two keys.
            computer.Settings.PublicKeys = new[] { other, server.PublicKey };
            computer.Restart();
            computer.Activated(issued);
            // A file that was stored by an add-on with another key is not accepted.
            computer.Settings.PublicKeys = new[] { other };
            Check.Equal(LicenseState.Rejected, computer.Restart().State, "a file of another vendor");
        }
    }

    private static void ChangedResponses(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue());
            string before = File.ReadAllText(computer.Settings.StateFile);
            Func<string, string, Func<string, string>> header = (name, value) => response => string.Join("\r\n",
                response.Split(new[] { "\r\n" }, StringSplitOptions.None).Select(line =>
                    line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase) ? name + ": " + value : line));
            foreach (Func<string, string> change in new Func<string, string>[]
            {
                response => response.Replace("\"valid\":true", "\"valid\":True"),
                response => response.Replace("\"VALID\"", "\"VALIX\""),
                header("Keygen-Date", "Wed, 09 Jun 2021 16:08:15 GMT"),
                header("Keygen-Digest", "sha-256=ul8+pA6V9JvOEZQvN169OILrg3l27aXAy3i5uZyntIU="),
                header("Keygen-Signature", "signature=\"\""),
                response => response.Substring(0, response.IndexOf("\r\n\r\n", StringComparison.Ordinal))
                    .Replace("keygen-signature", "x-signature") + response.Substring(response.IndexOf("\r\n\r\n", StringComparison.Ordinal)),
                response => "HTTP/1.1 302 Found\r\nLocation: " + computer.Proxy.Url + "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            })
            {
                computer.Proxy.ChangeResponse = change;
                Check.Equal(LicenseProblem.NoResponse, computer.Refresh().Problem, "a changed response");
                Check.Equal(before, File.ReadAllText(computer.Settings.StateFile), "the state file");
            }
            // Proxies may replace the date, which is sent twice.
            computer.Proxy.ChangeResponse = header("date", "Wed, 09 Jun 2021 16:08:15 GMT");
            Check.Equal("", computer.Refresh().Message, "a proxy's date");
        }
    }

    private static void ReplayedResponses(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            string recorded = null;
            computer.Proxy.ChangeResponse = response =>
            {
                if (response.Contains("\"nonce\"")) recorded = response;
                return response;
            };
            Check.Equal("", computer.Refresh().Message, "the recorded refresh");
            server.Run("license suspend --no-mail " + issued.Id);
            computer.Proxy.Respond = request => recorded;
            Check.Equal(LicenseProblem.NoResponse, computer.Refresh().Problem, "a replay");
            computer.Proxy.Reset();
            Check.Equal("", computer.Refresh().Message, "without the replay");
            computer.Is(LicenseState.Locked, "without the replay");
            // A response that contains no nonce is bound to its request, too.
            server.Run("license reinstate --no-mail " + issued.Id);
            computer.Activated(new Issued());
            computer.Proxy.ChangeResponse = response => recorded = response;
            Check.Equal("", Computer.Wait(computer.Client.DeactivateAsync()).Message, "the recorded deactivation");
            computer.Proxy.Reset();
            computer.Activated(new Issued());
            computer.Proxy.Respond = request => recorded;
            Check.Equal(LicenseProblem.NoResponse, Computer.Wait(computer.Client.DeactivateAsync()).Problem, "a replayed deactivation");
            computer.Is(LicenseState.Licensed, "after it");
        }
    }

    /// The body of a request is not signed, so what the server was asked is in its response.
    private static void OtherRequests(Server server)
    {
        Issued issued = server.Issue(), other = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            server.Run("license suspend --no-mail " + issued.Id);
            string elsewhere = "MACHINE-" + new string('0', 32);
            using (var second = new Computer(server, elsewhere)) second.Activated(other);
            foreach (Func<string, string> change in new Func<string, string>[]
            {
                request => request.Replace("\"nonce\":", "\"nonce\":1"),
                request => request.Replace(issued.Key, other.Key).Replace(computer.Fingerprint, elsewhere),
                request => request.Replace(",\"fingerprint\":\"" + computer.Fingerprint + "\"", ""),
                request => request.Replace("\"product\":\"" + server.Product + "\",", ""),
                request => request.Replace(issued.Key, other.Key),
                request => request.Replace(computer.Fingerprint, elsewhere),
            })
            {
                computer.Proxy.ChangeRequest = change;
                Check.Equal(LicenseProblem.NoResponse, computer.Refresh().Problem, "a changed request");
                computer.Is(LicenseState.Licensed, "a changed request");
            }
        }
    }

    private static void SuspendedAndReinstated(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            server.Run("license suspend --no-mail " + issued.Id);
            LicenseResult result = computer.Refresh();
            Check.Equal("", result.Message, "the refresh");
            Check.Equal("SUSPENDED", result.Access.Code, "the code");
            computer.Is(LicenseState.Locked, "suspended");
            Check.Contains("suspended", computer.Client.Access.Message, "the message");
            computer.Proxy.Respond = request => Unsigned503;
            computer.Refresh();
            computer.Is(LicenseState.Locked, "suspended, without a network");
            computer.Proxy.Reset();
            server.Run("license reinstate --no-mail " + issued.Id);
            Check.Equal("", computer.Refresh().Message, "the refresh");
            computer.Is(LicenseState.Licensed, "reinstated");
        }
    }

    private static void Revoked(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            server.Run("license revoke --no-mail --yes " + issued.Id);
            computer.Is(LicenseState.Licensed, "before the app asks");
            Check.Equal("", computer.Refresh().Message, "the refresh");
            computer.Proxy.Respond = request => Unsigned503;
            computer.Is(LicenseState.Locked, "revoked");
            Check.Contains("revoked", computer.Client.Access.Message, "the message");
        }
    }

    private static void RefusedActivation(Server server)
    {
        Issued issued = server.Issue();
        server.Run("license suspend --no-mail " + issued.Id);
        using (var computer = new Computer(server))
        {
            LicenseResult result = computer.Activate(issued.Key);
            Check.Equal(LicenseProblem.Refused, result.Problem, "the activation");
            Check.Equal("LICENSE_SUSPENDED", result.Code, "the code");
            computer.Is(LicenseState.Locked, "refused");
        }
    }

    private static void LimitReached(Server server)
    {
        Issued issued = server.Issue();
        using (var first = new Computer(server))
        using (var second = new Computer(server))
        using (var third = new Computer(server))
        {
            first.Activated(issued, "Trading \"PC\"");
            second.Activated(issued, "Laptop");
            LicenseResult result = third.Activate(issued.Key, "New PC");
            Check.Equal(LicenseProblem.LimitReached, result.Problem, "the third activation");
            Check.Equal("Laptop, Trading \"PC\"", string.Join(", ", result.Machines.Select(machine => machine.Name).OrderBy(name => name)), "the computers");
            Check.That(result.Machines.All(machine => machine.LastSeen > DateTimeOffset.UtcNow - Day), "when they were seen");
            Check.Contains("Free one at " + result.PortalPage, result.Message, "the message");
            third.Is(LicenseState.NotActivated, "the third computer");
            // A status that a proxy changed makes no success of a refusal.
            third.Proxy.ChangeResponse = response => response.Replace("HTTP/1.1 422 Unprocessable Entity", "HTTP/1.1 201 Created");
            Check.Equal(LicenseProblem.LimitReached, third.Activate(issued.Key, "New PC").Problem, "a changed status");
            third.Proxy.Reset();
            // The customer opens the page and frees one there.
            Browser browser = server.SignedIn();
            Page page = browser.Get(result.PortalPage);
            Check.Equal(200, page.Status, "the portal page");
            Check.Contains("Laptop", page.Text, "the portal page");
            Free(server, browser, issued, "Laptop");
            third.Activated(issued, "New PC");
            Check.Equal("", second.Refresh().Message, "the freed computer's refresh");
            second.Is(LicenseState.NotActivated, "the freed computer");
        }
    }

    /// Frees a computer as its owner does, in the portal.
    private static void Free(Server server, Browser browser, Issued issued, string name)
    {
        object machine = server.Machines(issued).Single(item => Json.Text(item, "name") == name);
        string id = Json.Text(machine, "id");
        // The form says for which account its page was made.
        Page form = browser.Get(server.Origin + "/portal/licenses/" + issued.Id + "/machines/" + id + "/free");
        string account = Regex.Match(form.Text, "name=\"account\" value=\"([^\"]+)\"").Groups[1].Value;
        Page freed = browser.Post("/fn/free_computer", "account=" + account + "&license=" + issued.Id + "&machine=" + id);
        Check.Equal(303, freed.Status, "the portal's form");
    }

    private static void FreedInPortal(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            string copy = File.ReadAllText(computer.Settings.StateFile);
            Free(server, server.SignedIn(), issued, "Trading PC");
            computer.Is(LicenseState.Licensed, "before the app asks");
            Check.Equal("", computer.Refresh().Message, "the next validation");
            computer.Is(LicenseState.NotActivated, "after it");
            // The file that was kept elsewhere is out of date.
            string file = Json.Text(Json.Parse(copy), "file");
            Check.Equal(LicenseProblem.InvalidFile, Computer.Wait(computer.Client.ImportFileAsync(null, file)).Problem, "an old file");
            // One click later the computer is active again, without a new key.
            computer.Activated(new Issued { Key = null });
        }
    }

    private static void Deactivated(Server server)
    {
        Issued issued = server.Issue();
        // The fingerprint is part of a path, so it is escaped.
        using (var computer = new Computer(server, "a/b c?d%41é#1"))
        {
            computer.Activated(issued);
            computer.Proxy.Respond = request => Unsigned503;
            Check.Equal(LicenseProblem.NoResponse, Computer.Wait(computer.Client.DeactivateAsync()).Problem, "without a network");
            computer.Is(LicenseState.Licensed, "without a network");
            computer.Proxy.Reset();
            Check.Equal("", Computer.Wait(computer.Client.DeactivateAsync()).Message, "with a network");
            computer.Is(LicenseState.NotActivated, "deactivated");
            Check.Equal("", Computer.Wait(computer.Client.DeactivateAsync()).Message, "a second time");
            Check.Equal(0, server.Machines(issued).Count, "slots");
        }
    }

    /// The text of a file that the server issues for a request with the license key.
    private static string CheckOut(Server server, Issued issued, string path)
    {
        var request = (System.Net.HttpWebRequest)System.Net.WebRequest.Create(server.Origin + "/v1" + path);
        request.Headers["Authorization"] = "License " + issued.Key;
        using (System.Net.WebResponse response = request.GetResponse())
        using (var reader = new StreamReader(response.GetResponseStream()))
            return reader.ReadToEnd();
    }

    private static void OfflineFile(Server server)
    {
        Issued issued = server.Issue();
        using (var online = new Computer(server))
        using (var computer = new Computer(server, online.Fingerprint))
        {
            online.Activated(issued);
            computer.Settings.GracePeriod = TimeSpan.Zero;
            computer.Proxy.Respond = request => Unsigned503;
            foreach (string encrypt in new[] { "0", "1" })
            {
                string path = "/machines/" + online.Fingerprint + "/actions/check-out?ttl=3600&include=license.entitlements&encrypt=" + encrypt;
                string file = CheckOut(server, issued, path);
                Check.Equal("", Computer.Wait(computer.Client.ImportFileAsync(issued.Key, file)).Message, "the import");
                computer.Is(LicenseState.Licensed, "imported");
                Check.That(computer.Client.Access.Has("CHART_ASSISTANT"), "the entitlements");
                computer.ClockOffset = TimeSpan.FromMinutes(59);
                computer.Is(LicenseState.Licensed, "before it expires");
                computer.ClockOffset = TimeSpan.FromMinutes(61);
                computer.Is(LicenseState.Expired, "after it expired");
                computer.ClockOffset = TimeSpan.Zero;
            }
            // A file that claims to last for 68 years is accepted for 366 days.
            string longest = CheckOut(server, issued, "/machines/" + online.Fingerprint + "/actions/check-out?ttl=2147483647");
            Check.Equal("", Computer.Wait(computer.Client.ImportFileAsync(issued.Key, longest)).Message, "the import");
            computer.ClockOffset = 365 * Day;
            computer.Is(LicenseState.Licensed, "after 365 days");
            computer.ClockOffset = 367 * Day;
            computer.Is(LicenseState.Expired, "after 367 days");
            Check.Equal(0, computer.Proxy.Requests, "requests");
        }
    }

    private static void LicenseFiles(Server server)
    {
        Issued issued = server.Issue();
        string file = CheckOut(server, issued, "/licenses/" + issued.Id + "/actions/check-out?include=entitlements");
        using (var computer = new Computer(server))
        {
            LicenseResult result = Computer.Wait(computer.Client.ImportFileAsync(issued.Key, file));
            Check.Equal(LicenseProblem.InvalidFile, result.Problem, "by default");
            Check.Contains("not tied to a computer", result.Message, "the message");
            computer.Settings.AcceptLicenseFiles = true;
            Check.Equal("", Computer.Wait(computer.Client.ImportFileAsync(issued.Key, file)).Message, "if the add-on says so");
            computer.Is(LicenseState.Licensed, "imported");
            // It needs no active computer.
            Check.Equal("", computer.Refresh().Message, "a refresh");
            computer.Is(LicenseState.Licensed, "after a refresh");
            server.Run("license suspend --no-mail " + issued.Id);
            Check.Equal("", computer.Refresh().Message, "the refresh");
            computer.Is(LicenseState.Locked, "suspended");
        }
    }

    private static void OtherFiles(Server server)
    {
        Issued issued = server.Issue(), other = server.Issue();
        using (var computer = new Computer(server))
        using (var elsewhere = new Computer(server))
        {
            computer.Activated(issued);
            string file = Json.Text(Json.Parse(File.ReadAllText(computer.Settings.StateFile)), "file");
            Func<string, LicenseResult> import = key => Computer.Wait(elsewhere.Client.ImportFileAsync(key, file));
            Check.Contains("another computer", import(issued.Key).Message, "on another computer");
            string state = File.ReadAllText(computer.Settings.StateFile);
            Check.Contains(issued.Key, state, "the stored key");
            // Somebody exchanges the key in the state file.
            File.WriteAllText(computer.Settings.StateFile, state.Replace(issued.Key, other.Key));
            Check.Equal(LicenseState.Rejected, computer.Restart().State, "with another license's key");
            File.WriteAllText(computer.Settings.StateFile, state);
            Check.Equal(LicenseState.Licensed, computer.Restart().State, "with its own key");
            var settings = new LicenseSettings
            {
                ApiUrl = computer.Settings.ApiUrl,
                Product = "0190f3c2-0000-7000-8000-000000000001",
                PublicKeys = computer.Settings.PublicKeys,
                StateFile = computer.Settings.StateFile + "-other",
            };
            var client = new LicenseClient(settings, computer.Fingerprint);
            LicenseResult result = Computer.Wait(client.ImportFileAsync(issued.Key, file));
            Check.Contains("another product", result.Message, "in another product");
            result = Computer.Wait(new LicenseClient(settings, elsewhere.Fingerprint).ActivateAsync(issued.Key, null));
            Check.Equal(LicenseProblem.InvalidFile, result.Problem, "an activation of another product");
            Check.Equal(1, server.Machines(issued).Count, "slots");
        }
    }

    private static void SignedKey(Server server)
    {
        Issued issued = server.Issue("signed");
        KeyClaims claims = LicenseVerifier.VerifyKey(issued.Key, new[] { server.PublicKey }, server.Product);
        Check.Equal(issued.Id, claims.License, "the license in the key");
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            computer.Refresh();
            computer.Is(LicenseState.Licensed, "after a refresh");
        }
    }

    private static void Heartbeats(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue("beating"));
            var paths = new List<string>();
            computer.Proxy.ChangeRequest = request =>
            {
                lock (paths) paths.Add(request.Split('?')[0]);
                return request;
            };
            Check.Equal("", computer.Refresh().Message, "the refresh");
            computer.Is(LicenseState.Licensed, "alive");
            Check.That(paths.Contains("POST /v1/machines/" + computer.Fingerprint + "/actions/ping"), "a heartbeat was sent");
        }
    }

    private static void ExpiredLicense(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue("yearly"));
            computer.Settings.FileTtl = 400 * Day;
            computer.Settings.MaxFileAge = 1000 * Day;
            computer.Activated(new Issued());
            computer.ClockOffset = 364 * Day;
            computer.Is(LicenseState.Licensed, "before the end");
            computer.ClockOffset = 366 * Day;
            computer.Is(LicenseState.Expired, "after the end, although the file has not expired");
        }
    }

    private static void NewFiles(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            Func<string> file = () => Json.Text(Json.Parse(File.ReadAllText(computer.Settings.StateFile)), "file");
            string first = file();
            Check.Equal("", computer.Refresh().Message, "a refresh");
            Check.Equal(first, file(), "the file is kept");
            computer.ClockOffset = 16 * Day;
            Check.Equal("", computer.Refresh().Message, "a refresh after 16 of 30 days");
            string second = file();
            Check.That(second != first, "a new file after half of its time");
            computer.ClockOffset = TimeSpan.Zero;
            server.Run("license set " + issued.Id + " --max-machines 5");
            Check.Equal("", computer.Refresh().Message, "a refresh");
            Check.Equal(second, file(), "the file is kept if only a limit changes");
            server.Run("license set " + issued.Id + " --expires 2099-01-01");
            Check.Equal("", computer.Refresh().Message, "a refresh");
            string third = file();
            Check.That(second != third, "a new file after a change of the end");
            server.Run("license set " + issued.Id + " --add-entitlement EXTRA");
            Check.Equal("", computer.Refresh().Message, "a refresh");
            Check.That(computer.Client.Access.Has("EXTRA") && third != file(), "a new file with another entitlement");
        }
    }

    /// Fails if anything is posted to it: a call of an add-on must not return to the thread that it came from.
    private sealed class NoContext : SynchronizationContext
    {
        internal int Posts;

        public override void Post(SendOrPostCallback work, object state)
        {
            Interlocked.Increment(ref Posts);
            base.Post(work, state);
        }
    }

    private static void NothingBlocks(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            computer.Proxy.IsSilent = true;
            computer.Client = new LicenseClient(computer.Settings, computer.Fingerprint);
            var context = new NoContext();
            SynchronizationContext before = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(context);
            try
            {
                using (var cancel = new CancellationTokenSource())
                {
                    var timer = Stopwatch.StartNew();
                    Task<LicenseResult> refresh = computer.Client.RefreshAsync(cancel.Token);
                    for (int bar = 0; bar < 1000; bar++) GC.KeepAlive(computer.Client.Access);
                    Check.That(timer.ElapsedMilliseconds < 500, "a thousand bars took " + timer.ElapsedMilliseconds + " ms");
                    Check.That(!refresh.IsCompleted, "the request still waits");
                    SpinWait.SpinUntil(() => computer.Client.Access.State != LicenseState.Unknown, 20000);
                    Check.Equal(LicenseState.Licensed, computer.Client.Access.State, "meanwhile");
                    cancel.Cancel();
                    Check.Throws<AggregateException>(() => refresh.Wait(20000), "a canceled call");
                    Check.That(refresh.IsCanceled, "it was canceled");
                }
                Check.Equal(0, context.Posts, "returns to the caller's thread");
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(before);
            }
        }
    }

    private static void TimeoutsAndCancellation(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue());
            computer.Settings.Timeout = TimeSpan.FromMilliseconds(300);
            computer.Proxy.IsSilent = true;
            LicenseResult result = computer.Refresh();
            Check.Equal(LicenseProblem.NoResponse, result.Problem, "a silent server");
            Check.Contains("in time", result.Message, "the message");
            computer.Settings.ApiUrl = "http://127.0.0.1:" + Server.FreePort();
            computer.Settings.Timeout = TimeSpan.FromSeconds(20);
            computer.Restart();
            Check.Equal(LicenseProblem.NoResponse, computer.Refresh().Problem, "nothing listens");
            computer.Is(LicenseState.Licensed, "nothing listens");
            Task<LicenseResult> canceled = computer.Client.RefreshAsync(new CancellationToken(true));
            Check.Throws<AggregateException>(() => canceled.Wait(20000), "a call canceled before it began");
        }
    }

    private static void Announcements(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            computer.Activated(issued);
            computer.Settings.RefreshInterval = TimeSpan.FromMilliseconds(200);
            var client = new LicenseClient(computer.Settings, computer.Fingerprint);
            Check.Equal(LicenseState.Unknown, client.Access.State, "before the state file is read");
            Check.That(!client.Access.IsAllowed, "unknown is not allowed");
            var states = new List<LicenseState>();
            client.AccessChanged += access =>
            {
                lock (states) states.Add(access.State);
            };
            Func<int> count = () =>
            {
                lock (states) return states.Count;
            };
            IDisposable first = client.Run(), second = client.Run();
            Check.That(SpinWait.SpinUntil(() => count() == 1, 20000), "the first state");
            server.Run("license suspend --no-mail " + issued.Id);
            Check.That(SpinWait.SpinUntil(() => count() == 2, 20000), "the second state");
            first.Dispose();
            first.Dispose();
            server.Run("license reinstate --no-mail " + issued.Id);
            Check.That(SpinWait.SpinUntil(() => count() == 3, 20000), "another lease is held");
            Check.Equal("Licensed Locked Licensed", string.Join(" ", states), "the states");
            second.Dispose();
            // The request that was under way may still arrive.
            int requests = 0;
            Check.That(SpinWait.SpinUntil(() =>
            {
                requests = computer.Proxy.Requests;
                Thread.Sleep(700);
                return requests == computer.Proxy.Requests;
            }, 20000), "there are requests without a lease");
            using (client.Run()) Check.That(SpinWait.SpinUntil(() => computer.Proxy.Requests > requests, 20000), "a lease after a pause");
        }
    }

    private static void RateLimit(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue());
            LicenseResult result = null;
            for (int tries = 0; tries < 80 && (result == null || result.HasSucceeded); tries++) result = computer.Refresh();
            Check.Equal(LicenseProblem.TooManyRequests, result.Problem, "the 60 requests of a key are used up");
            Check.That(result.RetryAfter > TimeSpan.Zero && result.RetryAfter < TimeSpan.FromMinutes(2), "wait " + result.RetryAfter);
            computer.Is(LicenseState.Licensed, "nothing changes");
        }
    }

    private static void StateFiles(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Activated(server.Issue());
            string path = computer.Settings.StateFile, text = File.ReadAllText(path);
            Check.Equal(1, Directory.GetFiles(Path.GetDirectoryName(path)).Length, "nothing is left beside it");
            foreach (string damaged in new[] { "", "{", "[]", text.Substring(0, text.Length / 2) })
            {
                File.WriteAllText(path, damaged);
                Check.Equal(LicenseState.NotActivated, computer.Restart().State, "a damaged file");
            }
            foreach (string other in new[]
            {
                text.Replace("\"version\":1", "\"version\":2"),
                text.Replace(server.Product, "0190f3c2-0000-7000-8000-000000000001"),
            })
            {
                File.WriteAllText(path, other);
                var client = new LicenseClient(computer.Settings, computer.Fingerprint);
                LicenseResult result = Computer.Wait(client.ActivateAsync(Unknown(), null));
                Check.Equal(LicenseProblem.Storage, result.Problem, "a file that is not this add-on's");
                Check.Equal(LicenseState.Rejected, result.Access.State, "the access");
                Check.Equal(other, File.ReadAllText(path), "it is left alone");
            }
            // A file with a changed byte is not signed any more.
            string file = Json.Text(Json.Parse(text), "file");
            char letter = file[200];
            string changed = file.Remove(200, 1).Insert(200, letter == 'A' ? "B" : "A");
            File.WriteAllText(path, text.Replace(Json.Quote(file), Json.Quote(changed)));
            Check.Equal(LicenseState.Rejected, computer.Restart().State, "a changed file");
            File.WriteAllText(path, text);
            Check.Equal(LicenseState.Licensed, computer.Restart().State, "the original");
            // A folder in place of the file cannot be written.
            File.Delete(path);
            Directory.CreateDirectory(path);
            computer.Restart();
            Check.Equal(LicenseProblem.Storage, computer.Activate(server.Issue().Key).Problem, "a file that cannot be written");
        }
    }

    private static void InvalidSettings(Server server)
    {
        Func<LicenseSettings> valid = () => new LicenseSettings
        {
            ApiUrl = "https://licenses.example.com/",
            Product = server.Product.ToUpperInvariant(),
            PublicKeys = new[] { server.PublicKey },
            StateFile = "license.json",
        };
        GC.KeepAlive(new LicenseClient(valid(), "fp"));
        foreach (Action<LicenseSettings> change in new Action<LicenseSettings>[]
        {
            settings => settings.ApiUrl = null,
            settings => settings.ApiUrl = "licenses.example.com",
            settings => settings.ApiUrl = "file:///etc",
            settings => settings.Product = null,
            settings => settings.Product = "chartgpt",
            settings => settings.PublicKeys = null,
            settings => settings.PublicKeys = new string[0],
            settings => settings.PublicKeys = new[] { "0123" },
            settings => settings.StateFile = "",
        })
        {
            LicenseSettings settings = valid();
            change(settings);
            Check.Throws<ArgumentException>(() => GC.KeepAlive(new LicenseClient(settings, "fp")), "invalid settings");
        }
        foreach (string fingerprint in new[] { null, "", "a\n", new string('x', 5000) })
            Check.Throws<ArgumentException>(() => GC.KeepAlive(new LicenseClient(valid(), fingerprint)), "an invalid fingerprint");
    }
}
