using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Downhill.Cli.Serve;

/// <summary>The page of a scoring server: a field per column (or a picture to draw), and the answer as it is
/// filled.</summary>
internal static class ScoringPage
{
    public static byte[] Style { get; } = Resource("serve.css");
    public static byte[] Script { get; } = Resource("serve.js");

    public static string Html(Model model, string name)
    {
        Preparation preparation = model.Preparation;
        Target target = preparation.Target;
        string answers = target.IsClass ? $"one of the classes {TableWords.Listed(target.Classes)}"
            : target.IsMultiLabel ? $"any of the labels {TableWords.Listed(target.Names)}"
            : $"{(target.Names.Count == 1 ? "the number" : "the numbers")} {TableWords.Listed(target.Names)}";
        string parameters = model.Spec.ParameterCount.ToString("N0", CultureInfo.InvariantCulture);
        return $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{Text(name)}: Downhill</title>
            <link rel="stylesheet" href="/page.css">
            <header>
            <h1>{Text(name)}</h1>
            <p>A multi-layer perceptron {Text(model.Spec.ToString())} with {parameters} parameters. It answers with {Text(answers)}.</p>
            </header>
            <noscript><p>Trying it here needs JavaScript; the addresses below do not.</p></noscript>
            <main>
            <div class="try">
            <form id="form" class="panel">
            <h2>{(model.Image is null ? "A row" : "Draw a picture")}</h2>
            {(model.Image is ImageShape shape ? Pad(shape, preparation) : Fields(preparation))}
            </form>
            <section class="panel" aria-live="polite">
            <h2>Its answer</h2>
            <p id="said"></p>
            <dl id="bars"></dl>
            </section>
            </div>
            <details>
            <summary>The same as JSON</summary>
            <textarea id="row" rows="8" spellcheck="false" aria-label="The row as JSON"></textarea>
            <pre id="reply"></pre>
            <pre id="command"></pre>
            </details>
            <h2>For programs</h2>
            <ul>
            <li><code>POST /predict</code>: a row, an array of rows (JSON), or CSV with a header</li>
            <li><a href="/openapi.json"><code>/openapi.json</code></a>: columns and answers, described</li>
            <li><a href="/health"><code>/health</code></a>, <a href="/metrics"><code>/metrics</code></a>: whether it is well, and how busy</li>
            </ul>
            </main>
            <script src="/page.js"></script>
            </html>

            """;
    }

    /// <summary>Pixels across the pad on which digits are drawn.</summary>
    private const int Pen = 112;

    private static string Pad(ImageShape shape, Preparation preparation)
    {
        // Pictures are divided by their ink.
        double ink = preparation.Scale[0] > 0 ? 1 / preparation.Scale[0] : 1;
        bool isOfDigits = IsOfDigits(shape, preparation);
        (int width, int height) = isOfDigits ? (Pen, Pen) : (shape.Width, shape.Height);
        string open = $"<canvas id=\"pad\" width=\"{width}\" height=\"{height}\" data-ink=\"{Number(ink)}\"";
        string close = $" aria-label=\"Picture of {shape.Width} by {shape.Height} pixels to draw in\"></canvas>";
        const string Clear = "<button id=\"clear\" type=\"button\">Clear</button>";
        if (!isOfDigits)
            return $"""
                {open}{close}
                <p>As large and in the same place as in the pictures that it was trained on.</p>
                {Clear}
                """;
        // MNIST's digits fill a box of 20 in a frame of 28; those of smaller sets fill the frame.
        return $"""
            {open} data-box="{(shape.Width == 28 ? 20 : shape.Width)}"{close}
            <p>A digit of any size and in any place: it is brought to the size and the place of those that the network was trained on.</p>
            <p class="seen">It sees <canvas id="seen" width="{shape.Width}" height="{shape.Height}" role="img" aria-label="The picture that is answered"></canvas></p>
            {Clear}
            """;
    }

    /// <summary>Whether the classes of square pictures are the ten digits.</summary>
    private static bool IsOfDigits(ImageShape shape, Preparation preparation) =>
        shape.Width == shape.Height && preparation.NumericCount == shape.Width * shape.Height
            && preparation.Target.Classes.Order(StringComparer.Ordinal)
                .SequenceEqual(Enumerable.Range(0, 10).Select(digit => $"{digit}"));

    private static string Fields(Preparation preparation)
    {
        StringBuilder fields = new("<div class=\"columns\">\n");
        int numeric = 0;
        foreach (Column column in preparation.Inputs)
        {
            fields.Append($"<label>{Text(column.Name)}\n");
            if (column.Kind == ColumnKind.Category)
            {
                // A letter before each value tells the empty text from an unknown one.
                fields.Append($"<select name=\"{Text(column.Name)}\">");
                foreach (string category in column.Categories)
                    fields.Append($"<option value=\"={Text(category)}\">{Text(category)}</option>");
                fields.Append("<option value=\"\">(another)</option></select>");
            }
            else fields.Append($"<input name=\"{Text(column.Name)}\" type=\"number\" step=\"any\" "
                + $"value=\"{Number(Usual(preparation, numeric++))}\">");
            fields.Append("</label>\n");
        }
        return fields.Append("</div>").ToString();
    }

    /// <summary>A value from the middle of what the column had in training: its mean or its median.</summary>
    private static double Usual(Preparation preparation, int column)
    {
        NumericEncoding encoding = preparation.Encodings[column];
        return encoding.Landmarks.Count > 0 ? encoding.Landmarks[encoding.Landmarks.Count / 2]
            : encoding.Levels.Count > 0 ? encoding.Levels[encoding.Levels.Count / 2]
            : !double.IsNaN(encoding.Fill) ? encoding.Fill : preparation.Shift[column];
    }

    private static string Number(double value) =>
        double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            .ToString("0.###############", CultureInfo.InvariantCulture);

    private static byte[] Resource(string name)
    {
        using Stream stream = typeof(ScoringPage).Assembly.GetManifestResourceStream(name)!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
