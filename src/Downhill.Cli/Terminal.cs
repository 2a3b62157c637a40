using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Downhill.Cli;

/// <summary>
/// Where a command writes: results to <see cref="Out"/>, progress and messages to <see cref="Error"/>. Handed in, so
/// that tests read text and nothing else decides about colour, width or characters.
/// </summary>
public sealed partial class Terminal
{
    private readonly TextWriter output, error;

    public Terminal(TextWriter output, TextWriter error) => (this.output, this.error) = (output, error);

    /// <summary>Columns that text may use: lines of more than 80 are hard to read.</summary>
    public int Width { get; init; } = 80;

    /// <summary>Columns that a table may use, where more keep its cells from wrapping.</summary>
    public int TableWidth { get; init; } = 80;

    /// <summary>Columns that a line may use which is drawn again and again, and so must not wrap.</summary>
    public int LineWidth { get; init; } = 80;

    /// <summary>Whether somebody looks at standard error while it is written.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether results may be coloured: standard output is a terminal and NO_COLOR is not set.</summary>
    public bool HasColour { get; init; }

    /// <summary>Whether more than ASCII can be shown.</summary>
    public bool HasUnicode { get; init; } = true;

    /// <summary>How this program was called, for the commands it proposes.</summary>
    public string Command { get; init; } = "downhill";

    public TextWriter Out => HasUnicode ? output : new AsciiWriter(output);
    public TextWriter Error => HasUnicode ? error : new AsciiWriter(error);

    /// <summary>Standard output as it is, for what is read by programs.</summary>
    internal TextWriter Data => output;

    /// <summary>The console of this process.</summary>
    public static Terminal OfProcess()
    {
        bool outIsTerminal = !Console.IsOutputRedirected, errorIsTerminal = !Console.IsErrorRedirected;
        if (outIsTerminal && OperatingSystem.IsWindows()) Console.OutputEncoding = new UTF8Encoding(false);
        bool plain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || Environment.GetEnvironmentVariable("TERM") == "dumb";
        // From a clone, what is proposed must work as it is typed.
        string built = Path.Combine("artifacts", "bin", "Downhill.Cli");
        bool isClone = AppContext.BaseDirectory.Contains(built, StringComparison.Ordinal);
        return new(Unbuffered(Console.OpenStandardOutput()), Unbuffered(Console.OpenStandardError()))
        {
            Width = outIsTerminal ? Math.Clamp(WindowWidth(), 40, 80) : 80,
            TableWidth = outIsTerminal ? Math.Clamp(WindowWidth(), 40, 120) : 80,
            LineWidth = Math.Clamp(WindowWidth(), 40, 200),
            ErrorIsTerminal = errorIsTerminal && Environment.GetEnvironmentVariable("TERM") != "dumb",
            HasColour = outIsTerminal && !plain,
            HasUnicode = LocaleHasUnicode(),
            Command = isClone ? "dotnet run -c Release --project src/Downhill.Cli --" : "downhill",
        };
    }

    /// <summary>Text in a colour of the terminal's own palette, or as it is.</summary>
    internal string Paint(string text, Ink ink) =>
        HasColour && ink != Ink.Plain ? $"\e[{(int)ink}m{text}\e[0m" : text;

    /// <summary>Writes a table, indented by two, without blanks at the ends of lines.</summary>
    internal void Write(Table table)
    {
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = HasColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = TableWidth - 2;
        console.Profile.Capabilities.Unicode = HasUnicode;
        console.Write(table);
        // The border's blank first and last line hold nothing but codes for their looks.
        foreach (string line in text.ToString().Split('\n'))
            if (ControlSequence().Replace(line, "").Trim().Length > 0) Out.WriteLine($"  {line.TrimEnd()}".TrimEnd());
    }

    /// <summary>A table in the house's style: no lines but one under the header.</summary>
    internal static Table Table(params ReadOnlySpan<(string Title, bool IsNumber)> columns)
    {
        Table table =
            new Table { Border = TableBorder.Simple, BorderStyle = new Style(decoration: Decoration.Dim) }.SafeBorder();
        foreach ((string title, bool isNumber) in columns)
            table.AddColumn(new TableColumn(new Text(title, new Style(decoration: Decoration.Dim)))
            {
                Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = isNumber,
                Padding = new Padding(0, 0, 2, 0),
            });
        return table;
    }

    internal static void Row(Table table, params ReadOnlySpan<string> cells)
    {
        List<Text> texts = [];
        foreach (string cell in cells) texts.Add(new Text(cell));
        table.AddRow(texts);
    }

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex ControlSequence();

    private static int WindowWidth()
    {
        try
        {
            return Console.WindowWidth is > 0 and int width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    private static StreamWriter Unbuffered(Stream stream) => new(stream, new UTF8Encoding(false)) { AutoFlush = true };

    /// <summary>A locale that names another character set says so; none at all is what containers have, and they show
    /// UTF-8.</summary>
    private static bool LocaleHasUnicode()
    {
        if (OperatingSystem.IsWindows()) return true;
        foreach (string name in (string[])["LC_ALL", "LC_CTYPE", "LANG"])
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } locale)
                return locale.Contains("UTF", StringComparison.OrdinalIgnoreCase);
        return true;
    }
}

/// <summary>The few colours, by their ANSI codes; the terminal's theme decides what they look like.</summary>
internal enum Ink
{
    Plain = 0,
    Bold = 1,
    Dim = 2,
    Bad = 31,
    Good = 32,
    Second = 33,
    First = 36,
}

/// <summary>Passes text on with the characters that ASCII lacks spelled out.</summary>
internal sealed class AsciiWriter(TextWriter inner) : TextWriter
{
    private const string From = "·×−–—…→≤≥²½λθφΣηγβ∂αε∞“”≠━─▲√↓ʳᵢⱼₒ₀₁₂₃₄₅₆₇₈₉";
    private static readonly string[] To =
    [
        "*", "x", "-", "-", "-", "...", "->", "<=", ">=", "^2", "1/2", "lambda", "theta", "phi", "Sum", "eta", "gamma",
            "beta",
        "d", "alpha", "epsilon", "inf", "\"", "\"", "!=", "=", "-", "^", "sqrt", "v", "", "i", "j", "o", "0", "1", "2",
            "3", "4", "5", "6", "7", "8", "9",
    ];

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (char.IsAscii(value)) inner.Write(value);
        else inner.Write(From.IndexOf(value, StringComparison.Ordinal) is >= 0 and int at ? To[at] : "?");
    }

    public override void Flush() => inner.Flush();
}
