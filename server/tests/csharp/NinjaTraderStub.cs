// As much of NinjaTrader 8's types as the examples use, with the signatures of its documentation, so that the examples
// compile and run without it.
using System;
using System.Collections.Generic;
using System.Linq;

namespace System.ComponentModel.DataAnnotations
{
    [AttributeUsage(AttributeTargets.Property)]
    public sealed class DisplayAttribute : Attribute
    {
        public string Name { get; set; }
        public string Description { get; set; }
        public string GroupName { get; set; }
        public int Order { get; set; }
    }

    [AttributeUsage(AttributeTargets.Property)]
    public sealed class RangeAttribute : Attribute
    {
        public RangeAttribute(int minimum, int maximum)
        {
            Minimum = minimum;
            Maximum = maximum;
        }

        public int Minimum { get; }
        public int Maximum { get; }
    }
}

namespace System.Windows.Media
{
    public abstract class Brush
    {
    }

    public sealed class SolidColorBrush : Brush
    {
    }

    public static class Brushes
    {
        public static SolidColorBrush Goldenrod
        {
            get { return new SolidColorBrush(); }
        }
    }
}

namespace NinjaTrader.Gui
{
}

namespace NinjaTrader.Cbi
{
    public static class License
    {
        public static string MachineId { get; set; } = "00112233445566778899AABBCCDDEEFF";
    }

    public enum MarketPosition
    {
        Flat,
        Long,
        Short,
    }

    public sealed class Position
    {
        public MarketPosition MarketPosition { get; set; }
    }
}

namespace NinjaTrader.NinjaScript
{
    public enum State
    {
        SetDefaults,
        Configure,
        DataLoaded,
        Historical,
        Transition,
        Realtime,
        Terminated,
    }

    [AttributeUsage(AttributeTargets.Property)]
    public sealed class NinjaScriptPropertyAttribute : Attribute
    {
    }

    /// The values of bars, the latest first.
    public sealed class Series
    {
        internal readonly List<double?> Bars = new List<double?>();

        public double this[int barsAgo]
        {
            get { return Bars[Bars.Count - 1 - barsAgo] ?? 0; }
            set { Bars[Bars.Count - 1 - barsAgo] = value; }
        }
    }

    public abstract class NinjaScriptBase
    {
        private readonly object custom = new object();

        public State State { get; private set; }
        public string Name { get; set; }
        public int CurrentBar { get; private set; } = -1;
        public Series Input { get; } = new Series();

        /// The texts in the corners of the chart, by tag.
        internal readonly Dictionary<string, string> Texts = new Dictionary<string, string>();

        protected abstract void OnStateChange();

        protected abstract void OnBarUpdate();

        /// NinjaTrader runs events of a script one after the other.
        public void TriggerCustomEvent(Action<object> customEvent, object state)
        {
            if (State < State.Historical || State == State.Terminated) throw new InvalidOperationException("there are no bars");
            lock (custom) customEvent(state);
        }

        protected void RemoveDrawObject(string tag)
        {
            Texts.Remove(tag);
        }

        internal string Text(string tag)
        {
            lock (custom)
            {
                string text;
                return Texts.TryGetValue(tag, out text) ? text : null;
            }
        }

        internal void To(params State[] states)
        {
            foreach (State state in states)
            {
                State = state;
                OnStateChange();
            }
        }

        internal virtual void Bar(double price)
        {
            CurrentBar++;
            Input.Bars.Add(price);
            lock (custom) OnBarUpdate();
        }
    }
}

namespace NinjaTrader.NinjaScript.DrawingTools
{
    public enum TextPosition
    {
        BottomLeft,
        BottomRight,
        Center,
        TopLeft,
        TopRight,
    }

    public static class Draw
    {
        public static void TextFixed(NinjaScriptBase owner, string tag, string text, TextPosition textPosition)
        {
            owner.Texts[tag] = text;
        }
    }
}

namespace NinjaTrader.NinjaScript.Indicators
{
    public abstract class Indicator : NinjaScriptBase
    {
        public Series Value { get; } = new Series();
        public bool IsOverlay { get; set; }

        protected void AddPlot(System.Windows.Media.Brush brush, string name)
        {
        }

        internal override void Bar(double price)
        {
            Value.Bars.Add(null);
            base.Bar(price);
        }
    }
}

namespace NinjaTrader.NinjaScript.Strategies
{
    public abstract class Strategy : NinjaScriptBase
    {
        public Cbi.Position Position { get; } = new Cbi.Position();
        public int BarsRequiredToTrade { get; set; }

        protected Func<int, double> SMA(int period)
        {
            return barsAgo => Input.Bars.Skip(Input.Bars.Count - barsAgo - period).Take(period).Average() ?? 0;
        }

        protected static bool CrossAbove(Func<int, double> one, Func<int, double> other, int lookBackPeriod)
        {
            return one(0) > other(0) && one(lookBackPeriod) <= other(lookBackPeriod);
        }

        protected static bool CrossBelow(Func<int, double> one, Func<int, double> other, int lookBackPeriod)
        {
            return one(0) < other(0) && one(lookBackPeriod) >= other(lookBackPeriod);
        }

        protected void EnterLong()
        {
            Position.MarketPosition = Cbi.MarketPosition.Long;
        }

        protected void ExitLong()
        {
            Position.MarketPosition = Cbi.MarketPosition.Flat;
        }
    }
}
