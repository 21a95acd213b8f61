// An indicator that needs a license: a moving average with the license checks of Latchkey.cs.
#region Using declarations
using System;
using System.ComponentModel.DataAnnotations;
using System.IO;
using System.Threading.Tasks;
using System.Windows.Media;
using Latchkey;
using NinjaTrader.Gui;
using NinjaTrader.NinjaScript;
using NinjaTrader.NinjaScript.DrawingTools;
#endregion

namespace Acme
{
    /// One client for all instances on all charts.
    public static class AcmeLicense
    {
        public const string Version = "1.4.2";

        private static Lazy<LicenseClient> Shared = new Lazy<LicenseClient>(() => new LicenseClient(Settings(),
            // Computed by NinjaTrader from the computer. Its owner frees the old one in the portal if it changes.
            NinjaTrader.Cbi.License.MachineId));

        public static LicenseClient Client
        {
            get { return Shared.Value; }
        }

        private static LicenseSettings Settings()
        {
            return new LicenseSettings
            {
                ApiUrl = "https://licenses.example.com",
                Product = "0190f3c2-0000-7000-8000-000000000001",
                PublicKeys = new[] { "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8" },
                // Not under Documents, which is often synchronized between computers.
                StateFile = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData),
                    "Acme", "trend-license.json"),
            };
        }

        /// Activates this computer if it needs that, and calls `explain` with the problem if there is one.
        public static void EnterKey(string key, Action<string> explain)
        {
            Task.Run(async () =>
            {
                LicenseResult loaded = await Client.LoadAsync().ConfigureAwait(false);
                // The client keeps the key. The property can be cleared once the indicator is licensed.
                if (loaded.Access.IsAllowed || string.IsNullOrWhiteSpace(key)) return;
                LicenseResult result =
                    await Client.ActivateAsync(key, MachineFacts.OfThisComputer(Version)).ConfigureAwait(false);
                if (!result.HasSucceeded) explain(result.Message);
            });
        }
    }
}

namespace NinjaTrader.NinjaScript.Indicators
{
    public class AcmeTrend : Indicator
    {
        private const string MessageTag = "AcmeTrendLicense";

        private IDisposable lease;
        private double average;

        // Set on one thread and read on another.
        private volatile string problem;
        private volatile bool isIncomplete;

        [NinjaScriptProperty]
        [Range(1, int.MaxValue)]
        [Display(Name = "Period", Order = 1, GroupName = "Parameters")]
        public int Period { get; set; }

        [Display(Name = "License key", Description = "Needed once on each computer", Order = 2, GroupName = "Parameters")]
        public string LicenseKey { get; set; }

        protected override void OnStateChange()
        {
            if (State == State.SetDefaults)
            {
                // Also called for the list of indicators, so nothing is started here.
                Name = "AcmeTrend";
                IsOverlay = true;
                Period = 20;
                LicenseKey = "";
                AddPlot(Brushes.Goldenrod, "Trend");
            }
            else if (State == State.DataLoaded)
            {
                // Returns at once. The check runs in the background.
                lease = Acme.AcmeLicense.Client.Run();
            }
            else if (State == State.Historical)
            {
                Acme.AcmeLicense.Client.AccessChanged += OnAccessChanged;
                // Another instance may have been the first, so the change may be over.
                ShowLicense();
                Acme.AcmeLicense.EnterKey(LicenseKey, message =>
                {
                    problem = message;
                    ShowLicense();
                });
            }
            else if (State == State.Terminated && lease != null)
            {
                // Instances that were only listed have no lease.
                Acme.AcmeLicense.Client.AccessChanged -= OnAccessChanged;
                lease.Dispose();
                lease = null;
            }
        }

        protected override void OnBarUpdate()
        {
            average = CurrentBar == 0 ? Input[0] : average + (Input[0] - average) * 2 / (Period + 1);
            LicenseAccess access = Acme.AcmeLicense.Client.Access;
            // While the license is unknown, a fraction of a second after the start, the history is computed as usual.
            if (access.IsAllowed || access.State == LicenseState.Unknown) Value[0] = average;
            else isIncomplete = true;
        }

        private void OnAccessChanged(LicenseAccess changed)
        {
            ShowLicense();
        }

        /// Called on other threads. NinjaTrader runs the work on the indicator's own.
        private void ShowLicense()
        {
            if (lease == null) return;
            TriggerCustomEvent(state =>
            {
                string message = Message(Acme.AcmeLicense.Client.Access);
                if (message == null) RemoveDrawObject(MessageTag);
                else Draw.TextFixed(this, MessageTag, "Acme Trend: " + message, TextPosition.BottomLeft);
            }, null);
        }

        private string Message(LicenseAccess access)
        {
            switch (access.State)
            {
                case LicenseState.Unknown: return null;
                case LicenseState.Licensed: return isIncomplete ? "licensed. Press F5 to show all bars" : null;
                // In the grace period the indicator works, but the user should know.
                case LicenseState.Grace: return access.Message;
                default: return problem ?? access.Message;
            }
        }
    }
}
