using System.Text;

namespace Downhill.Cli;

/// <summary>
/// The loss by epoch in a few lines of text: training as an unbroken line, validation as a broken one, each with its
/// name at its end, so that no colour is needed to tell them apart. Braille dots, or one character per point in ASCII.
/// </summary>
internal static class LossPlot
{
    private const int Cells = 46, Lines = 10, Margin = 10;

    public static void Write(Terminal terminal, IReadOnlyList<EpochReport> history, double trainFactor, int bestEpoch)
    {
        if (history.Count < 3) return;
        double[] train = [.. history.Select(h => h.TrainLoss * trainFactor)];
        double[] validation = double.IsNaN(history[0].ValidationLoss) ? [] : [.. history.Select(h => h.ValidationLoss)];
        double[] all = [.. train.Concat(validation).Where(double.IsFinite)];
        if (all.Length == 0) return;
        double low = all.Min(), high = all.Max();
        bool isLog = low > 0 && high / low > 5;
        if (high <= low) (low, high) = (low - 0.5 * Math.Abs(low) - 1e-9, high + 0.5 * Math.Abs(high) + 1e-9);
        Canvas canvas =
            new(terminal.HasUnicode, loss =>
            Math.Clamp(isLog ? Math.Log(high / loss) / Math.Log(high / low) : (high - loss) / (high - low), 0, 1));
        canvas.Draw(train, 0, isBroken: false);
        canvas.Draw(validation, 1, isBroken: true);

        int first = history[0].Epoch, last = history[^1].Epoch;
        terminal.Out.WriteLine(terminal.Paint($"  loss per row{(isLog ? " (logarithmic)" : "")} by epoch", Ink.Dim));
        (int trainLine, int validationLine) = Ends(canvas, train, validation);
        for (int line = 0; line < Lines; line++)
        {
            double at = (double)line / (Lines - 1);
            double value = isLog ? high * Math.Pow(low / high, at) : high + at * (low - high);
            bool labelled = line % 3 == 0;
            string axis = labelled ? $"{Tick(value),Margin - 2} ┤" : $"{"",Margin - 2} │";
            if (!terminal.HasUnicode) axis = axis.Replace('┤', '+').Replace('│', '|');
            StringBuilder text = new(terminal.Paint(axis, Ink.Dim));
            canvas.AppendLine(text, line, terminal);
            if (line == trainLine) text.Append(' ').Append(terminal.Paint("train", Ink.First));
            if (line == validationLine) text.Append(' ').Append(terminal.Paint("validation", Ink.Second));
            terminal.Out.WriteLine(text.ToString().TrimEnd());
        }
        string corner = terminal.HasUnicode ? "└" : "+", rule = terminal.HasUnicode ? "─" : "-";
        StringBuilder floor = new(corner);
        int best = bestEpoch == 0 || validation.Length == 0 ? -1 : Place(bestEpoch);
        for (int i = 0; i < Cells; i++) floor.Append(i == best ? (terminal.HasUnicode ? "▲" : "^") : rule);
        terminal.Out.WriteLine(terminal.Paint(new string(' ', Margin - 1) + floor, Ink.Dim));
        char[] numbers = new string(' ', Cells + 8).ToCharArray();
        Put($"{last}", Cells - $"{last}".Length);
        Put($"{first}", 0);
        string under = new string(numbers).TrimEnd();
        if (best >= 0)
        {
            // Where it fits the label stands under its mark, otherwise to the right of the axis.
            string label = $"best {bestEpoch}";
            int at = Math.Clamp(best - label.Length / 2, 0, Cells - label.Length);
            bool isFree = new string(numbers, Math.Max(0, at - 1), label.Length + 2).Trim().Length == 0;
            if (isFree) Put(label, at);
            under = new string(numbers).TrimEnd() + (isFree ? "" : $"   best {bestEpoch}");
        }
        terminal.Out.WriteLine(terminal.Paint(new string(' ', Margin) + under, Ink.Dim));

        int Place(int epoch) => (int)Math.Round((double)(epoch - first) / Math.Max(1, last - first) * (Cells - 1));
        void Put(string text, int at) => text.CopyTo(0, numbers, at, text.Length);
    }

    private static (int Train, int Validation) Ends(Canvas canvas, double[] train, double[] validation)
    {
        int t = canvas.LineOf(train[^1]);
        if (validation.Length == 0) return (t, -1);
        int v = canvas.LineOf(validation[^1]);
        if (t == v) _ = train[^1] <= validation[^1] ? t + 1 < Lines ? t++ : v-- : v + 1 < Lines ? v++ : t--;
        return (t, v);
    }

    private static string Tick(double value) =>
        value.ToString(Math.Abs(value) is >= 0.01 and < 10000 ? Math.Abs(value) < 1 ? "0.000" : "G4" : "0.0E+0");

    /// <summary>2×4 dots per character in braille, one in ASCII.</summary>
    private sealed class Canvas(bool isBraille, Func<double, double> depth)
    {
        // Bits of U+2800 by [row, column] of the cell.
        private static readonly int[,] Dots = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

        private readonly int across = isBraille ? 2 : 1, down = isBraille ? 4 : 1;
        private readonly int[,,] cells = new int[2, Lines, Cells];

        public int LineOf(double value) => double.IsFinite(value) ? Row(value) / down : 0;

        private int Row(double value) => (int)Math.Round(depth(value) * (Lines * down - 1));

        public void Draw(double[] values, int series, bool isBroken)
        {
            int width = Cells * across, before = -1;
            for (int x = 0; x < width && values.Length > 0; x++)
            {
                // The mean of the epochs that fall into a column, or between two epochs the straight line.
                double from = (double)x / width * values.Length, to = (double)(x + 1) / width * values.Length;
                double value = to - from >= 1
                    ? values[(int)from..Math.Min(values.Length, (int)Math.Ceiling(to))].Average()
                    : Between(values, (double)x / (width - 1) * (values.Length - 1));
                if (!double.IsFinite(value)) continue;
                int row = Row(value);
                int start = before < 0 || before == row ? row : before < row ? before + 1 : before - 1;
                bool isGap = isBroken && (isBraille ? x % 6 >= 3 : x % 2 == 1);
                for (int y = Math.Min(start, row); y <= Math.Max(start, row) && !isGap; y++)
                    cells[series, y / down, x / across] |= isBraille ? Dots[y % 4, x % 2] : 1;
                before = row;
            }
        }

        public void AppendLine(StringBuilder text, int line, Terminal terminal)
        {
            for (int x = 0; x < Cells; x++)
            {
                int train = cells[0, line, x], validation = cells[1, line, x];
                Ink ink = train == 0 && validation == 0 ? Ink.Plain : train == 0 ? Ink.Second : Ink.First;
                string dots = isBraille ? train + validation == 0 ? " " : $"{(char)(0x2800 + (train | validation))}"
                    : train > 0 ? "*" : validation > 0 ? "o" : " ";
                text.Append(terminal.Paint(dots, ink));
            }
        }

        private static double Between(double[] values, double at)
        {
            int left = Math.Min((int)at, values.Length - 1), right = Math.Min(left + 1, values.Length - 1);
            return values[left] + (at - left) * (values[right] - values[left]);
        }
    }
}
