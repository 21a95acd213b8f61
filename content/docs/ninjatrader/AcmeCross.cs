// A strategy that needs a license: without one it enters no new position, but always manages and exits those that it has.
#region Using declarations
using System;
using NinjaTrader.Cbi;
using NinjaTrader.NinjaScript;
#endregion

namespace NinjaTrader.NinjaScript.Strategies
{
    public class AcmeCross : Strategy
    {
        private IDisposable lease;

        protected override void OnStateChange()
        {
            if (State == State.SetDefaults)
            {
                Name = "AcmeCross";
                BarsRequiredToTrade = 20;
            }
            else if (State == State.DataLoaded)
            {
                lease = Acme.AcmeLicense.Client.Run();
            }
            else if (State == State.Terminated && lease != null)
            {
                lease.Dispose();
                lease = null;
            }
        }

        protected override void OnBarUpdate()
        {
            if (CurrentBar < BarsRequiredToTrade) return;
            if (Position.MarketPosition == MarketPosition.Long)
            {
                if (CrossBelow(SMA(5), SMA(20), 1)) ExitLong();
                return;
            }
            // Unknown is not allowed, so the first real-time bars after the start may pass without an entry.
            if (Acme.AcmeLicense.Client.Access.IsAllowed && CrossAbove(SMA(5), SMA(20), 1)) EnterLong();
        }
    }
}
