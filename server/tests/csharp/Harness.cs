// What the C# tests need: checks, a real server in a process of its own, and a proxy that fails on request.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Latchkey;

/// A test fails by throwing.
internal sealed class Failed : Exception
{
    internal Failed(string message) : base(message)
    {
    }
}

internal static class Check
{
    internal static void That(bool condition, string what)
    {
        if (!condition) throw new Failed(what);
    }

    internal static void Equal<T>(T expected, T found, string what)
    {
        That(EqualityComparer<T>.Default.Equals(expected, found), what + ": expected " + expected + ", found " + found);
    }

    internal static void Contains(string part, string text, string what)
    {
        That(text != null && text.Contains(part), what + ": \"" + part + "\" is missing from: " + text);
    }

    internal static void Throws<T>(Action work, string what) where T : Exception
    {
        try
        {
            work();
        }
        catch (T)
        {
            return;
        }
        throw new Failed(what + ": nothing was thrown");
    }
}

/// A temporary folder.
internal sealed class Folder : IDisposable
{
    internal readonly string Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "latchkey-cs-" + Guid.NewGuid().ToString("N"));

    internal Folder()
    {
        Directory.CreateDirectory(Path);
    }

    internal string File(string name)
    {
        return System.IO.Path.Combine(Path, name);
    }

    public void Dispose()
    {
        // A program that was just stopped, or a save in the background, may still write a file here.
        for (int tries = 1; ; tries++)
        {
            try
            {
                Directory.Delete(Path, true);
                return;
            }
            catch (IOException)
            {
                if (tries == 50) throw;
                Thread.Sleep(100);
            }
        }
    }
}

/// The real server with its demo data, and the commands of the same program.
internal sealed class Server : IDisposable
{
    private readonly string binary;
    private readonly Folder folder = new Folder();
    private readonly Process process;

    internal readonly int Port;
    internal readonly string PublicKey;
    internal readonly string Product;
    internal readonly string Customer;
    private readonly string signInUrl;
    private Browser browser;

    internal Server(string binary)
    {
        this.binary = binary;
        Port = FreePort();
        process = Start("serve --demo --json --listen 127.0.0.1:" + Port);
        string line = process.StandardOutput.ReadLine();
        // A full pipe would stop the server.
        var drain = new Thread(() => process.StandardOutput.ReadToEnd()) { IsBackground = true };
        drain.Start();
        Check.That(line != null, "the server did not start");
        object announced = Json.Parse(line);
        Customer = Json.Text(announced, "demo", "customer", "email");
        signInUrl = Json.Text(announced, "demo", "customer", "sign_in_url");
        PublicKey = Json.Text(Run("keys public"), "hex");
        string catalog = Output("catalog show");
        string more = "\n[[entitlements]]\ncode = \"EXTRA\"\nname = \"Extra\"\n";
        foreach (string policy in new[] { "signed|key_scheme = \"ED25519_SIGN\"", "beating|heartbeat = { required = true }",
            "yearly|duration = \"365d\"" })
            more += "\n[[policies]]\ncode = \"" + policy.Split('|')[0] + "\"\nproduct = \"chartgpt\"\nname = \"Test\"\n"
                + "max_machines = 2\nentitlements = [\"CHART_ASSISTANT\"]\n" + policy.Split('|')[1] + "\n";
        System.IO.File.WriteAllText(folder.File("catalog.toml"), catalog + more);
        Run("catalog apply catalog.toml");
        string comment = catalog.Split('\n').First(text => text.Contains("chartgpt") && LicenseVerifier.Id(Words(text)) != null);
        Product = LicenseVerifier.Id(Words(comment));
    }

    private static string Words(string line)
    {
        return line.Split(' ', ',', '(', ')', '"').FirstOrDefault(word => LicenseVerifier.Id(word) != null);
    }

    internal static int FreePort()
    {
        var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        return port;
    }

    private Process Start(string words)
    {
        var start = new ProcessStartInfo(binary, words)
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.EnvironmentVariables["LATCHKEY__DATA_DIR"] = folder.File("data");
        start.EnvironmentVariables["LATCHKEY__LOG__LEVEL"] = "error";
        // All tests are one network.
        start.EnvironmentVariables["LATCHKEY__API__NETWORK_BURST"] = "10000";
        return Process.Start(start);
    }

    internal string Output(string words)
    {
        using (Process command = Start(words))
        {
            string output = command.StandardOutput.ReadToEnd();
            command.WaitForExit();
            Check.Equal(0, command.ExitCode, words);
            return output;
        }
    }

    internal object Run(string words)
    {
        return Json.Parse(Output(words + " --json").Trim());
    }

    /// A new license of the demo's customer.
    internal Issued Issue(string policy = "chartgpt-lifetime")
    {
        object issued = Run("license issue --no-mail --email " + Customer + " --policy " + policy);
        return new Issued { Id = Json.Text(issued, "id"), Key = Json.Text(issued, "key") };
    }

    internal string Origin
    {
        get { return "http://localhost:" + Port; }
    }

    /// A browser in which the demo's customer is signed in. The link for that works once.
    internal Browser SignedIn()
    {
        if (browser != null) return browser;
        browser = new Browser(Origin);
        Page confirmed = browser.Post("/fn/confirm_host_link", "token=" + signInUrl.Split('/').Last());
        Check.Equal("/portal", confirmed.Location, "the sign-in");
        return browser;
    }

    /// The active machines of a license.
    internal List<object> Machines(Issued issued)
    {
        return (List<object>)Json.At(Run("machine list --active yes --license " + issued.Id), "rows");
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }
}

internal sealed class Issued
{
    internal string Id;
    internal string Key;
}

internal sealed class Page
{
    internal int Status;
    internal string Location;
    internal string Text;
}

/// A browser without scripts.
internal sealed class Browser
{
    private readonly string origin;
    private readonly CookieContainer cookies = new CookieContainer();

    internal Browser(string origin)
    {
        this.origin = origin;
    }

    internal Page Get(string path)
    {
        return Send(path, null);
    }

    internal Page Post(string path, string form)
    {
        return Send(path, form);
    }

    private Page Send(string path, string form)
    {
        var request = (HttpWebRequest)WebRequest.Create(path.StartsWith("http", StringComparison.Ordinal) ? path : origin + path);
        request.AllowAutoRedirect = false;
        request.CookieContainer = cookies;
        request.Accept = "text/html";
        request.UserAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0.0.0";
        request.Headers["Sec-Fetch-Site"] = "same-origin";
        if (form != null)
        {
            request.Method = "POST";
            request.ContentType = "application/x-www-form-urlencoded";
            byte[] body = Encoding.ASCII.GetBytes(form);
            using (Stream stream = request.GetRequestStream()) stream.Write(body, 0, body.Length);
        }
        HttpWebResponse response;
        try
        {
            response = (HttpWebResponse)request.GetResponse();
        }
        catch (WebException error) when (error.Response != null)
        {
            response = (HttpWebResponse)error.Response;
        }
        using (response)
        using (var reader = new StreamReader(response.GetResponseStream()))
            return new Page { Status = (int)response.StatusCode, Location = response.Headers["Location"], Text = reader.ReadToEnd() };
    }
}

/// Stands between a client and the server, and passes on what it gets unless it is set to do something else. Both sides
/// keep the Host header, so that signatures remain valid.
internal sealed class Proxy : IDisposable
{
    private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
    private readonly int server;

    /// Changes a request before the server gets it.
    internal volatile Func<string, string> ChangeRequest = request => request;

    /// Changes a response before the client gets it.
    internal volatile Func<string, string> ChangeResponse = response => response;

    /// Responds instead of the server, if it is set and returns a text.
    internal volatile Func<string, string> Respond;

    /// Whether requests get no response at all.
    internal volatile bool IsSilent;

    internal int Requests;

    internal Proxy(int server)
    {
        this.server = server;
        listener.Start();
        Task.Run(() => Accept());
    }

    internal string Url
    {
        get { return "http://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port; }
    }

    /// Passes everything on again.
    internal void Reset()
    {
        ChangeRequest = request => request;
        ChangeResponse = response => response;
        Respond = null;
        IsSilent = false;
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync().ConfigureAwait(false);
                ThreadPool.QueueUserWorkItem(delegate { Serve(client); });
            }
        }
        catch (ObjectDisposedException)
        {
            // Stopped.
        }
        catch (SocketException)
        {
            // Stopped.
        }
    }

    private void Serve(TcpClient client)
    {
        try
        {
            using (client)
            using (NetworkStream stream = client.GetStream())
            {
                string request = ReadMessage(stream);
                if (request == null) return;
                Interlocked.Increment(ref Requests);
                if (IsSilent)
                {
                    // Until the client gives up.
                    stream.ReadByte();
                    return;
                }
                Func<string, string> respond = Respond;
                string response = respond == null ? null : respond(request);
                if (response == null) response = ChangeResponse(Forward(ChangeRequest(request)));
                byte[] bytes = Latin.GetBytes(response);
                stream.Write(bytes, 0, bytes.Length);
            }
        }
        catch (IOException)
        {
            // The client gave up.
        }
    }

    // One character for each byte.
    private static readonly Encoding Latin = Encoding.GetEncoding("iso-8859-1");

    private string Forward(string request)
    {
        using (var client = new TcpClient())
        {
            client.Connect(IPAddress.Loopback, server);
            using (NetworkStream stream = client.GetStream())
            {
                int end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                IEnumerable<string> head = request.Substring(0, end).Split(new[] { "\r\n" }, StringSplitOptions.None)
                    .Where(line => !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase)
                        && !line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                string body = request.Substring(end + 4);
                string sent = string.Join("\r\n", head) + "\r\nContent-Length: " + body.Length + "\r\nConnection: close\r\n\r\n" + body;
                byte[] bytes = Latin.GetBytes(sent);
                stream.Write(bytes, 0, bytes.Length);
                var received = new MemoryStream();
                stream.CopyTo(received);
                return Latin.GetString(received.ToArray());
            }
        }
    }

    private static string ReadMessage(NetworkStream stream)
    {
        var received = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            string text = Latin.GetString(received.ToArray());
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                string length = text.Substring(0, end).Split(new[] { "\r\n" }, StringSplitOptions.None)
                    .FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                int expected = end + 4 + (length == null ? 0 : int.Parse(length.Split(':')[1], null));
                if (text.Length >= expected) return text;
            }
            int count = stream.Read(buffer, 0, buffer.Length);
            if (count == 0) return null;
            received.Write(buffer, 0, count);
        }
    }

    public void Dispose()
    {
        listener.Stop();
    }
}

internal static class Program
{
    /// The tests of a class, by name, or those whose name contains a word.
    private static int Main(string[] args)
    {
        string word = args.Length > 1 ? args[1] : "";
        var tests = new List<KeyValuePair<string, Action>>();
        RuleTests.Add(tests);
        int passed = 0, failed = 0;
        Action<IEnumerable<KeyValuePair<string, Action>>> run = all =>
        {
            foreach (KeyValuePair<string, Action> test in all.Where(test => test.Key.Contains(word)))
            {
                var timer = Stopwatch.StartNew();
                try
                {
                    test.Value();
                    passed++;
                    Console.WriteLine("ok      {0} ({1} ms)", test.Key, timer.ElapsedMilliseconds);
                }
                catch (Exception error)
                {
                    failed++;
                    bool isCheck = error is Failed;
                    Console.WriteLine("FAILED  {0}: {1}", test.Key, isCheck ? error.Message : error.ToString());
                }
            }
        };
        run(tests);
        tests.Clear();
        using (var server = new Server(args[0]))
        {
            ClientTests.Add(tests, server);
            ExampleTests.Add(tests, server);
            run(tests);
        }
        Console.WriteLine("{0} passed, {1} failed", passed, failed);
        return failed > 0 || passed == 0 ? 1 : 0;
    }
}
