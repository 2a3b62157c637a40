using System.CommandLine;
using System.Text;
using System.Text.Json;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary>
/// <c>downhill explain</c>: the arithmetic of one example, unit by unit (lecture L1), worked out in double beside the
/// fast path.
/// </summary>
internal sealed class ExplainCommand : CliCommand
{
    private const int ShortSum = 4, ManyUnits = 12, ShownUnits = 6;

    private readonly Argument<string?> model, data;
    private readonly TableWords table;
    private readonly GroupedOption<string?> row, target;
    private readonly GroupedOption<bool> all, json;

    public ExplainCommand(Terminal terminal, CancellationToken cancellation)
        : base("explain", "Shows the arithmetic of one example: inputs × weights, u, bias, v, φ(v).", terminal,
            cancellation)
    {
        model = AddArgument("MODEL", "a model file");
        data = AddArgument("DATA", "where the example is");
        row = Add("Options", "--row", "N", "its row, counted from 1");
        all = AddFlag("Options", "--all",
            "every unit and every term; otherwise long sums and wide layers are cut short");
        json = AddFlag("Options", "--json", "one JSON object with every number");
        target = Add("Table", "--target", "COLS", "the target, where it has another name than in training");
        table = TableWords.AddTo(this, target);
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train xor --hidden 3 --activation tanh --seed 3", "a small model: xor.safetensors"),
        new("explain xor.safetensors xor --row 2", "how it answers the second row"),
        new("explain xor.safetensors xor --row 2 --all --json", "the same with every number, for a program"),
    ];

    protected override int Run(ParseResult words)
    {
        if (words.GetValue(row) is not string rowText)
            return Throw.Input<int>("--row", "the number of a row", "nothing", "Say, for example, --row 1.");
        int number =
            Values.Whole("--row", rowText, 1, int.MaxValue, "Rows are counted from 1, the header not included.")!.Value;
        Model network = Model.Load(words.GetValue(model)!);
        Dataset rows =
            TableWords.Open(words.GetValue(data)!, network, needTarget: false,
            table.Read(words)).Data;
        if (number > rows.Rows)
            Throw.Input($"--row {number}", $"a row from 1 to {rows.Rows} of '{rows.Name}'", $"{number}",
                "Rows are counted from 1, the header not included.");
        int at = number - 1, numeric = rows.NumericCount, categories = rows.CategoryCount;
        Trace trace =
            Trace.Of(network, rows.Numeric.AsSpan(at * numeric, numeric),
            rows.Codes.AsSpan(at * categories, categories));
        double[]? coded = null;
        string targetText = "";
        Preparation preparation = network.Preparation;
        if (rows.Target.Names.Count > 0 && rows.Target.Classes.SequenceEqual(preparation.Target.Classes))
        {
            coded = new double[preparation.Outputs];
            int values = preparation.Target.IsClass ? 0 : preparation.Outputs;
            preparation.EncodeTarget(values == 0 ? rows.Classes[at] : 0, rows.Values.AsSpan(at * values, values),
                coded);
            targetText = values == 0 ? preparation.Target.Classes[rows.Classes[at]]
                : string.Join(' ', rows.Values.AsSpan(at * values, values).ToArray().Select(CsvField.Of));
        }
        double? cost = coded is null ? null : trace.Cost(coded);
        if (words.GetValue(json)) WriteJson(trace, rows, number, coded, targetText, cost);
        else Write(trace, rows, at, words.GetValue(all), coded, targetText, cost);
        return Cli.Done;
    }

    private void Write(Trace trace, Dataset rows, int at, bool isAll, double[]? coded, string targetText, double? cost)
    {
        Model network = trace.Model;
        Preparation preparation = network.Preparation;
        Terminal.Out.WriteLine(Terminal.Paint($"Row {at + 1} of {rows.Name} through the network {network.Spec}",
            Ink.Bold));
        Terminal.Out.WriteLine();
        WriteInputs(trace, rows, at, isAll);
        int dense = 0;
        for (int index = 0; index < trace.Layers.Count; index++)
        {
            LayerTrace layer = trace.Layers[index];
            Terminal.Out.WriteLine();
            Terminal.Out.WriteLine(Terminal.Paint($"Layer {index + 1}: {layer.Layer.Describe(layer.Inputs.Count)}",
                Ink.Bold)
                + Terminal.Paint(Formula(layer.Layer), Ink.Dim));
            bool isLast = index == trace.Layers.Count - 1;
            if (layer.Layer is FeatureScale)
                Terminal.Out.WriteLine($"  x ← x·s, a learned factor for each of {layer.Inputs.Count} inputs");
            if (layer.Units.Count > 0) WriteUnits(layer, dense++ == 0 ? "x" : "y", isAll, isLast);
            int norms = isAll || layer.Norms.Count <= ManyUnits ? layer.Norms.Count : ShownUnits;
            for (int i = 0; i < norms; i++) WriteNorm(layer.Norms[i], layer.Inputs[i], i);
            if (!isAll && layer.Norms.Count > ManyUnits) More(layer.Norms.Count - ShownUnits, "features");
            if (layer.Layer is Dropout) Terminal.Out.WriteLine("  passes everything on: it drops in training only");
        }
        WriteAnswer(trace, preparation, coded, targetText, cost);
    }

    private void WriteInputs(Trace trace, Dataset rows, int at, bool isAll)
    {
        Preparation preparation = trace.Model.Preparation;
        Terminal.Out.WriteLine(Terminal.Paint("Inputs", Ink.Bold)
            + Terminal.Paint(preparation.Shift.All(s => s == 0) && preparation.Scale.All(s => s == 1)
            && preparation.Encodings.All(e => e.IsLinear) ? "  as they are"
            : "  x = (raw − shift)·scale, as fitted on the training rows", Ink.Dim));
        int name = Math.Clamp(preparation.Inputs.Max(c => c.Name.Length), 2, 24),
            shown = isAll || preparation.Width <= ManyUnits ? int.MaxValue : ShownUnits;
        int input = 0, numeric = 0, category = 0;
        foreach (Column column in preparation.Inputs.Take(shown))
        {
            string label = $"  {ConfusionTable.Cut(column.Name, name).PadRight(name)}  ";
            if (column.Kind == ColumnKind.Numeric)
            {
                float raw = rows.Numeric[at * rows.NumericCount + numeric];
                (double shift, double scale) = (preparation.Shift[numeric], preparation.Scale[numeric]);
                NumericEncoding encoding = preparation.Encodings[numeric++];
                string product = $"·{MetricsTable.Short(scale)}";
                string how = !encoding.IsLinear || float.IsNaN(raw)
                    ? $" from {(float.IsNaN(raw) ? "a missing value" : CsvField.Of(raw))}"
                    : shift != 0 ? $" = ({CsvField.Of(raw)}{Signed(-shift)}){product}"
                    : scale != 1 ? $" = {CsvField.Of(raw)}{product}" : "";
                if (encoding.Width == 0) Terminal.Out.WriteLine($"{label}left out: constant in training");
                else if (encoding.Levels.Count > 0)
                    Terminal.Out.WriteLine($"{label}{CsvField.Of(raw)}: one of {encoding.Levels.Count}"
                        + $" values, an input each, x{Index(input)} …");
                else Terminal.Out.WriteLine($"{label}x{Index(input)}{how} = {Text(trace.Inputs[input])}");
                input += encoding.Width;
                continue;
            }
            int code = rows.Codes[at * rows.CategoryCount + category++];
            Terminal.Out.WriteLine(
                label + (code < 0 ? "unknown: all 0"
                    : $"{column.Categories[code]}: x{Index(input + code)} = 1, the others 0"));
            input += column.Categories.Count;
        }
        if (preparation.Inputs.Count > shown) More(preparation.Inputs.Count - shown, "inputs");
    }

    private void WriteUnits(LayerTrace layer, string name, bool isAll, bool isLast)
    {
        int count = layer.Units.Count, shown = isAll || isLast || count <= ManyUnits ? count : ShownUnits,
            width = $"unit {count}".Length;
        bool isJoint = !((Dense)layer.Layer).Activation.IsElementwise;
        for (int i = 0; i < shown; i++)
        {
            UnitTrace unit = layer.Units[i];
            string label = $"  {$"unit {i + 1}".PadRight(width)}  ", indent = new(' ', label.Length);
            string start = label + "u = ";
            foreach (string line in HelpPage.Wrap(Sum(unit, layer.Inputs, isAll), Terminal.Width - start.Length))
            {
                Terminal.Out.WriteLine(start + line);
                start = indent + "    ";
            }
            string field = unit.Bias is double bias ? $"v = u + b = {Text(unit.Sum)}{Signed(bias)} = {Text(unit.Field)}"
                : $"v = u = {Text(unit.Field)}";
            string result = isJoint ? ""
                : $"   {(isLast ? "z" : "y")} = φ(v) = {Terminal.Paint(Text(unit.Output), Ink.Bold)}";
            Terminal.Out.WriteLine(indent + field + result);
        }
        if (shown < count) More(count - shown, "units");
        if (!isJoint) return;
        double largest = layer.Units.Max(u => u.Field);
        Terminal.Out.WriteLine($"  φ over all units, Σ exp(v) = "
            + $"{MetricsTable.Short(layer.Units.Sum(u => Math.Exp(u.Field)))}:");
        for (int i = 0; i < count; i++)
        {
            string z = Terminal.Paint(
                Text(layer.Units[i].Output), layer.Units[i].Field == largest ? Ink.Bold : Ink.Plain);
            Terminal.Out.WriteLine(
                $"  {$"unit {i + 1}".PadRight(width)}  z = exp({Text(layer.Units[i].Field)})/Σ = {z}");
        }
    }

    private void WriteNorm(NormTrace norm, double x, int i)
    {
        string normalised = Text(norm.Normalised);
        Terminal.Out.WriteLine($"  {i + 1}: n = (x − mean)/deviation = ({Text(x)}{Signed(-norm.Mean)})/"
            + $"{Text(norm.Deviation)} = {normalised}");
        Terminal.Out.WriteLine($"     v = γ·n + β = {Text(norm.Scale)}·{normalised}{Signed(norm.Shift)} = "
            + $"{Text(norm.Field)}"
            + $"   y = φ(v) = {Text(norm.Output)}");
    }

    private void WriteAnswer(Trace trace, Preparation preparation, double[]? coded, string targetText, double? cost)
    {
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine(Terminal.Paint("Answer", Ink.Bold));
        double[] outputs = [.. trace.Outputs];
        if (preparation.Target.IsClass)
        {
            int answer = preparation.ClassOf<double>(outputs);
            string why = preparation.SingleOutput
                ? $"z = {Text(outputs[0])}, the middle is "
                + $"{Text(0.5 * (preparation.TargetLow + preparation.TargetHigh))}"
                : $"the largest output, {Text(outputs[answer])}";
            Terminal.Out.WriteLine($"  {preparation.Target.Names[0]} = "
                + $"{Terminal.Paint(preparation.Target.Classes[answer], Ink.Bold)} ({why})");
        }
        else if (preparation.Target.IsMultiLabel)
        {
            for (int i = 0; i < outputs.Length; i++)
                Terminal.Out.WriteLine($"  {preparation.Target.Names[i]} = "
                    + Terminal.Paint(Preparation.SaysYes(outputs[i]) ? "yes" : "no", Ink.Bold)
                    + $" (z = {Text(outputs[i])}, yes from ½)");
        }
        else
        {
            for (int i = 0; i < outputs.Length; i++)
                Terminal.Out.WriteLine($"  {preparation.Target.Names[i]} = {Text(outputs[i])}·"
                    + $"{MetricsTable.Short(preparation.TargetScale[i])}{Signed(preparation.TargetShift[i])}"
                    + $" = {Terminal.Paint(MetricsTable.Short(preparation.ValueOf(outputs[i], i)), Ink.Bold)}");
        }
        if (coded is null) return;
        Loss loss = trace.Model.Loss;
        string formula = Catalog.Default.Losses.FirstOrDefault(l => l.Name == loss.Name)?.Formula ?? "";
        string list = coded.Length <= 12 ? $", coded {string.Join(' ', coded.Select(t => t.ToString("G4")))}" : "";
        Terminal.Out.WriteLine($"  target {targetText}{list}");
        Terminal.Out.WriteLine($"  cost L = {formula} = {Terminal.Paint(MetricsTable.Short(cost!.Value), Ink.Bold)} ("
            + $"{loss})");
    }

    /// <summary>w·x + …: all terms, or the largest ones and the sum of the others.</summary>
    private static string Sum(UnitTrace unit, IReadOnlyList<double> inputs, bool isAll)
    {
        (double Weight, double Input)[] terms = [.. unit.Links.Select((link, k) => (unit.Weights[k], inputs[link]))];
        bool isShort = isAll || terms.Length <= ShortSum + 1;
        (double Weight, double Input)[] shown = isShort ? terms
            : [.. terms.OrderByDescending(t => Math.Abs(t.Weight * t.Input)).Take(ShortSum)];
        StringBuilder text = new();
        foreach ((double weight, double input) in shown)
        {
            string product = $"{Text(Math.Abs(weight))}·{(input < 0 ? $"({Text(input)})" : Text(input))}";
            text.Append(text.Length == 0 ? weight < 0 ? "−" : "" : weight < 0 ? " − " : " + ").Append(product);
        }
        if (!isShort)
            text.Append($"{Signed(unit.Sum / unit.Scale - shown.Sum(t => t.Weight * t.Input))} ("
                + $"{terms.Length - ShortSum} smaller terms)");
        return unit.Scale == 1 ? text.Append($" = {Text(unit.Sum)}").ToString()
            : $"{Text(unit.Scale)}·({text}) = {Text(unit.Sum)}";
    }

    private void More(int count, string what) =>
        Terminal.Out.WriteLine(Terminal.Paint($"  … {count} more {what}: --all", Ink.Dim));

    private static string Formula(Layer layer)
    {
        Activation? activation = layer switch { Dense d => d.Activation, BatchNorm b => b.Activation, _ => null };
        Entry<Activation>? entry = Catalog.Default.Activations.FirstOrDefault(a => a.Name == activation?.Name);
        if (activation is null || entry is null) return "";
        string with =
            string.Join(", ", entry.Parameters.Select((p, i) => $"{p.Name} = {Numbers.Text(activation.Arguments[i])}"));
        return $"  φ(v) = {entry.Formula}{(with.Length == 0 ? "" : $" with {with}")}";
    }

    private static string Index(int input) =>
        string.Concat($"{input + 1}".Select(digit => (char)('₀' + (digit - '0'))));

    private static string Text(double value) =>
        value.ToString(Math.Abs(value) is >= 1e5 or < 1e-4 and > 0 ? "0.000E+0" : "0.0000").Replace('-', '−');

    private static string Signed(double value) => value < 0 ? $" − {Text(-value)}" : $" + {Text(value)}";

    private void WriteJson(Trace trace, Dataset rows, int number, double[]? coded, string targetText, double? cost) =>
        JsonReport.Write(Terminal, json =>
    {
        Preparation preparation = trace.Model.Preparation;
        json.WriteString("data", rows.Name);
        json.WriteNumber("row", number);
        json.WriteString("network", trace.Model.Spec.ToString());
        JsonReport.Numbers(json, "inputs", trace.Inputs);
        json.WriteStartArray("layers");
        foreach (LayerTrace layer in trace.Layers)
        {
            json.WriteStartObject();
            json.WriteString("layer", layer.Layer.Describe(layer.Inputs.Count));
            if (layer.Layer is FeatureScale)
                Terminal.Out.WriteLine($"  x ← x·s, a learned factor for each of {layer.Inputs.Count} inputs");
            if (layer.Units.Count > 0) WriteUnits(json, layer);
            JsonReport.Numbers(json, "outputs", layer.Outputs);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (preparation.Target.IsClass)
            json.WriteString("answer", preparation.Target.Classes[preparation.ClassOf<double>([.. trace.Outputs])]);
        else JsonReport.Numbers(json, "answer", trace.Outputs.Select(preparation.ValueOf));
        if (coded is null) return;
        json.WriteString("target", targetText);
        JsonReport.Numbers(json, "coded", coded);
        JsonReport.Number(json, "cost", cost);
    });

    private static void WriteUnits(Utf8JsonWriter json, LayerTrace layer)
    {
        json.WriteStartArray("units");
        foreach (UnitTrace unit in layer.Units)
        {
            json.WriteStartObject();
            if (unit.Links.Count < layer.Inputs.Count)
                JsonReport.Numbers(json, "links", unit.Links.Select(l => (double)l));
            JsonReport.Numbers(json, "weights", unit.Weights);
            if (unit.Scale != 1) JsonReport.Number(json, "scale", unit.Scale);
            JsonReport.Number(json, "u", unit.Sum);
            if (unit.Bias is double bias) JsonReport.Number(json, "b", bias);
            JsonReport.Number(json, "v", unit.Field);
            JsonReport.Number(json, "y", unit.Output);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
