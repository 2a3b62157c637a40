using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Downhill.Cli.Report;

/// <summary>
/// A page while it is written: what stands in the source is markup, whatever is filled into a hole is escaped, so that
/// no name from the data can become a tag or leave an attribute. Well-formed as XML as well as as HTML.
/// </summary>
internal sealed class Markup
{
    private readonly StringBuilder text = new();
    private int ids;

    /// <summary>A name that no other element of the page has.</summary>
    public string NewId(string stem) => $"{stem}-{++ids}";

    /// <summary>Adds markup; holes are escaped.</summary>
    public void Add([InterpolatedStringHandlerArgument("")] ref Hole markup) => _ = markup;

    /// <summary>Adds markup that is a constant of the program.</summary>
    public void AddConstant(string markup) => text.Append(markup);

    public override string ToString() => text.ToString();

    private void Escape(ReadOnlySpan<char> value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            bool isPair = char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]);
            if (isPair)
            {
                text.Append(c).Append(value[++i]);
                continue;
            }
            switch (c)
            {
                case '&': text.Append("&amp;"); break;
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '"': text.Append("&quot;"); break;
                case '\'': text.Append("&#39;"); break;
                default:
                    // XML has no place for control characters, lone surrogates and the two that are no characters.
                    bool isText = c is '\t' or '\n' or '\r' || (c >= ' ' && c is not ('\uFFFE' or '\uFFFF')
                        && !char.IsControl(c) && !char.IsSurrogate(c));
                    text.Append(isText ? c : '\uFFFD');
                    break;
            }
        }
    }

    /// <summary>Takes the pieces of an interpolated string as they come.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Hole
    {
        private readonly Markup page;

        public Hole(int literalLength, int formattedCount, Markup page)
        {
            _ = literalLength + formattedCount;
            this.page = page;
        }

        public void AppendLiteral(string markup) => page.text.Append(markup);
        public void AppendFormatted(string? value) => page.Escape(value);
        public void AppendFormatted(int value) => page.text.Append(value.ToString(CultureInfo.InvariantCulture));
        public void AppendFormatted(long value) => page.text.Append(value.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(Constant value) => page.text.Append(value.Markup);

        /// <summary>A coordinate: two decimals are a hundredth of a pixel.</summary>
        public void AppendFormatted(double value) => page.text.Append(Written.Coordinate(value));
    }
}

/// <summary>Markup that is a constant of the program, for a hole.</summary>
internal readonly record struct Constant(string Markup);

/// <summary>Numbers as this page writes them.</summary>
internal static class Written
{
    public static string Coordinate(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The number itself, to the last bit, for programs that read the page.</summary>
    public static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits or so.</summary>
    public static string Number(double value) =>
        double.IsNaN(value) ? "–" : !double.IsFinite(value) ? (value > 0 ? "∞" : "−∞")
        : value == 0 ? "0"
        : (Math.Abs(value) is < 1e-4 or >= 1e7
            ? value.ToString("0.###e+0", CultureInfo.InvariantCulture).Replace("+", "", StringComparison.Ordinal)
            : value.ToString(Math.Abs(value) >= 1000 ? "#,0.#" : "G4", CultureInfo.InvariantCulture)).Replace('-', '−');

    /// <summary>Six significant digits, a form that programs read.</summary>
    public static string Plain(double value) =>
        double.IsFinite(value) ? value.ToString("G6", CultureInfo.InvariantCulture) : "";

    /// <summary>A share of 1 as per cent.</summary>
    public static string Percent(double share, string format = "0.00") =>
        double.IsNaN(share) ? "–" : (100 * share).ToString(format, CultureInfo.InvariantCulture) + " %";

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Time(double seconds) =>
        seconds < 10 ? $"{seconds.ToString("0.00", CultureInfo.InvariantCulture)} s"
        : seconds < 120 ? $"{seconds.ToString("0", CultureInfo.InvariantCulture)} s"
        : TimeSpan.FromSeconds(seconds).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);

    public static string Plural(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";
}
