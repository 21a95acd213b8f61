// The examples of the documentation, run through the states in which NinjaTrader puts them.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;
using Latchkey;
using NinjaTrader.Cbi;
using NinjaTrader.NinjaScript;
using NinjaTrader.NinjaScript.Indicators;
using NinjaTrader.NinjaScript.Strategies;

internal static class ExampleTests
{
    private const string Tag = "AcmeTrendLicense";

    internal static void Add(List<KeyValuePair<string, Action>> tests, Server server)
    {
        Action<string, Action<Server>> add =
            (name, test) => tests.Add(new KeyValuePair<string, Action>(name, () => test(server)));
        add("the example's own client has valid settings", OwnSettings);
        add("an indicator that is only listed starts nothing", OnlyListed);
        add("an indicator asks for a key, explains a wrong one, and shows its values with a right one", Indicator);
        add("an indicator's loading does not wait for the server", NoWaiting);
        add("a strategy without a license enters nothing but exits what it has", Strategy);
    }

    private static FieldInfo Shared
    {
        get { return typeof(Acme.AcmeLicense).GetField("Shared", BindingFlags.Static | BindingFlags.NonPublic); }
    }

    private static void OwnSettings(Server server)
    {
        var client = ((Lazy<LicenseClient>)Shared.GetValue(null)).Value;
        Check.Equal(LicenseState.Unknown, client.Access.State, "before the state file is read");
    }

    /// Lets the examples use a new client, as in a new process.
    private static void Start(Computer computer)
    {
        computer.Client = new LicenseClient(computer.Settings, License.MachineId);
        Shared.SetValue(null, new Lazy<LicenseClient>(() => computer.Client));
    }

    private static void Historical(NinjaScriptBase script)
    {
        script.To(State.SetDefaults, State.Configure, State.DataLoaded, State.Historical);
    }

    private static bool Eventually(Func<bool> condition)
    {
        return SpinWait.SpinUntil(condition, 20000);
    }

    private static void OnlyListed(Server server)
    {
        using (var computer = new Computer(server))
        {
            Start(computer);
            foreach (NinjaScriptBase script in new NinjaScriptBase[] { new AcmeTrend(), new AcmeCross() })
                script.To(State.SetDefaults, State.Terminated);
            Thread.Sleep(100);
            Check.Equal(LicenseState.Unknown, computer.Client.Access.State, "nothing was read");
        }
    }

    private static void Indicator(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            Start(computer);
            var first = new AcmeTrend();
            Historical(first);
            Check.That(Eventually(() => first.Text(Tag) != null), "a message");
            Check.Equal("Acme Trend: not activated on this computer", first.Text(Tag), "without a key");
            first.Bar(100);
            Check.That(first.Value.Bars.Single() == null, "no value without a license");
            first.To(State.Realtime, State.Terminated);
            // A second instance gets no change, because the state was known before.
            var second = new AcmeTrend();
            second.To(State.SetDefaults);
            second.LicenseKey = issued.Key.Substring(0, issued.Key.Length - 1);
            second.To(State.Configure, State.DataLoaded, State.Historical);
            Check.That(Eventually(() => (second.Text(Tag) ?? "").Contains("seven groups")), "the problem: " + second.Text(Tag));
            second.To(State.Terminated);
            var third = new AcmeTrend();
            third.To(State.SetDefaults);
            third.LicenseKey = issued.Key;
            third.To(State.Configure, State.DataLoaded);
            third.Bar(100);
            third.To(State.Historical);
            Check.That(Eventually(() => (third.Text(Tag) ?? "").Contains("Press F5")), "the success: " + third.Text(Tag));
            third.Bar(121);
            Check.Equal(102.0, third.Value[0], "the average of the second bar");
            third.To(State.Terminated);
            // A message ends with its reason.
            Check.Equal("", Computer.Wait(computer.Client.ForgetAsync()).Message, "the key is forgotten");
            var fourth = new AcmeTrend();
            Historical(fourth);
            Check.That(Eventually(() => fourth.Text(Tag) != null), "a message without a key");
            computer.Activated(issued);
            Check.That(Eventually(() => fourth.Text(Tag) == null), "no message with one");
            fourth.To(State.Terminated);
            // Without the key, in a new process.
            Start(computer);
            var last = new AcmeTrend();
            Historical(last);
            last.Bar(100);
            Check.That(last.Value.Bars.Single() != null, "a value while the license is unknown, and afterwards");
            Check.That(Eventually(() => computer.Client.Access.IsAllowed), "licensed");
            Check.That(last.Text(Tag) == null, "no message");
            server.Run("license suspend --no-mail " + issued.Id);
            ComputerRefresh(computer);
            Check.That(Eventually(() => (last.Text(Tag) ?? "").Contains("suspended")), "the refusal is shown");
            last.Bar(100);
            Check.That(last.Value.Bars.Last() == null, "no value after the refusal");
            last.To(State.Terminated);
        }
    }

    private static void ComputerRefresh(Computer computer)
    {
        Check.Equal("", computer.Refresh().Message, "the refresh");
    }

    private static void NoWaiting(Server server)
    {
        using (var computer = new Computer(server))
        {
            computer.Proxy.IsSilent = true;
            Start(computer);
            var timer = Stopwatch.StartNew();
            var script = new AcmeTrend { LicenseKey = server.Issue().Key };
            timer.Restart();
            script.To(State.DataLoaded, State.Historical);
            for (int bar = 0; bar < 1000; bar++) script.Bar(100 + bar);
            script.To(State.Realtime, State.Terminated);
            Check.That(timer.ElapsedMilliseconds < 1000, "a thousand bars took " + timer.ElapsedMilliseconds + " ms");
        }
    }

    private static void Strategy(Server server)
    {
        Issued issued = server.Issue();
        using (var computer = new Computer(server))
        {
            Start(computer);
            var script = new AcmeCross();
            Historical(script);
            Check.That(Eventually(() => computer.Client.Access.State == LicenseState.NotActivated), "not activated");
            Action<int, double> bars = (count, price) =>
            {
                for (int bar = 0; bar < count; bar++) script.Bar(price);
            };
            bars(30, 100);
            bars(10, 110);
            Check.Equal(MarketPosition.Flat, script.Position.MarketPosition, "without a license");
            bars(30, 100);
            computer.Activated(issued);
            bars(10, 110);
            Check.Equal(MarketPosition.Long, script.Position.MarketPosition, "with a license");
            server.Run("license suspend --no-mail " + issued.Id);
            ComputerRefresh(computer);
            bars(30, 110);
            Check.Equal(MarketPosition.Long, script.Position.MarketPosition, "the position is kept after a refusal");
            bars(10, 100);
            Check.Equal(MarketPosition.Flat, script.Position.MarketPosition, "and is exited by its rule");
            bars(30, 100);
            bars(10, 110);
            Check.Equal(MarketPosition.Flat, script.Position.MarketPosition, "but nothing is entered");
            script.To(State.Terminated);
        }
    }
}
