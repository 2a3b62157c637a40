using System.Reflection;
using System.Text;
using Downhill.Graph;

namespace Downhill;

/// <summary>An activation as a function of its own in exported source.</summary>
/// <param name="Name">An identifier that no other function of the model has: "relu", "ramp_2".</param>
/// <param name="Activation">φ.</param>
/// <param name="Variable">v.</param>
/// <param name="Body">φ(v).</param>
internal sealed record SourceFunction(string Name, Activation Activation, Expr Variable, Expr Body);

/// <summary>Where a raw column goes.</summary>
/// <param name="Column">The column.</param>
/// <param name="Place">Among all raw columns.</param>
/// <param name="KindPlace">Among the columns of its kind: into the numbers, or into the category codes.</param>
/// <param name="Encoded">The first of its inputs of the network.</param>
/// <param name="Encoding">Of a column of numbers: what is done beside shift and scale.</param>
/// <param name="Shift">Subtracted.</param>
/// <param name="Scale">Multiplied with then.</param>
internal sealed record SourceColumn(
    Column Column, int Place, int KindPlace, int Encoded, NumericEncoding Encoding, double Shift, double Scale)
{
    public bool IsCategory => Column.Kind == ColumnKind.Category;

    /// <summary>Whether it is a column of numbers of which one input is the number itself, prepared.</summary>
    public bool HasValue => !IsCategory && !Encoding.IsConstant && Encoding.Levels.Count == 0;

    public bool HasIndicator => !IsCategory && !Encoding.IsConstant && Encoding.HasIndicator;

    public bool HasLevels => !IsCategory && !Encoding.IsConstant && Encoding.Levels.Count > 0;

    public bool HasLandmarks => HasValue && Encoding.Landmarks.Count > 0;

    public int Indicator => Encoded + (HasValue ? 1 : 0);

    /// <summary>The first input of its levels: after the indicator.</summary>
    public int FirstLevel => Encoded + (HasIndicator ? 1 : 0);
}

/// <summary>A model as the writers of source see it: what is the same in every language.</summary>
internal sealed class SourceModel
{
    private readonly Dictionary<string, SourceFunction> functions = new(StringComparer.Ordinal);

    public SourceModel(Model model, string name)
    {
        Model = model;
        Name = Identifier(name);
        Layers = [.. TrainedLayer.Of(model).Where(l => l.Layer is not Dropout)];
        HashSet<string> taken = new(StringComparer.Ordinal);
        foreach (TrainedLayer layer in Layers)
        {
            if (layer.Layer is not Dense { Activation: Activation activation } || !activation.IsElementwise
                || activation.Name == "identity" || functions.ContainsKey(activation.ToString()))
                continue;
            string wanted = Identifier(activation.Name), unique = wanted;
            for (int number = 2; !taken.Add(unique); number++) unique = $"{wanted}_{number}";
            Expr v = Expr.Variable("v");
            functions[activation.ToString()] = new(unique, activation, v, activation.Define(v));
        }
        List<SourceColumn> columns = [];
        int numbers = 0, categories = 0, encoded = 0;
        foreach (Column column in model.Preparation.Inputs)
        {
            bool isCategory = column.Kind == ColumnKind.Category;
            Preparation preparation = model.Preparation;
            NumericEncoding encoding = isCategory ? new() : preparation.Encodings[numbers];
            columns.Add(isCategory ? new(column, columns.Count, categories++, encoded, encoding, 0, 1)
                : new(column, columns.Count, numbers, encoded, encoding, preparation.Shift[numbers],
                preparation.Scale[numbers++]));
            encoded += isCategory ? column.Categories.Count : encoding.Width;
        }
        Columns = columns;
    }

    public Model Model { get; }
    public Preparation Preparation => Model.Preparation;

    /// <summary>In lower case, an identifier in every language once something is added to it.</summary>
    public string Name { get; }

    /// <summary>The layers that compute something in prediction.</summary>
    public IReadOnlyList<TrainedLayer> Layers { get; }

    /// <summary>One per different activation that is not the identity and not softmax.</summary>
    public IEnumerable<SourceFunction> Functions => functions.Values;

    public IReadOnlyList<SourceColumn> Columns { get; }

    public bool HasSoftmax => Layers.Any(IsSoftmax);

    /// <summary>Whether every number is only scaled by one common factor, as pixels are.</summary>
    public bool HasCommonScale => Preparation.Shift.All(s => s == 0) && Preparation.Scale.Distinct().Count() == 1;

    /// <summary>Whether a row is nothing but numbers, each of them shifted and scaled.</summary>
    public bool IsOnlyScaled => Columns.All(c => !c.IsCategory && c.Encoding.IsLinear);

    /// <summary>Whether some column of numbers has quantile landmarks.</summary>
    public bool HasLandmarks => Columns.Any(c => c.HasLandmarks);

    /// <summary>Whether some column of numbers has levels.</summary>
    public bool HasLevels => Columns.Any(c => c.HasLevels);

    /// <summary>Whether some column of numbers has a soft clip.</summary>
    public bool HasClip => Columns.Any(c => c.HasValue && c.Encoding.Clip != 0);

    public bool HasUnits => Preparation.TargetScale.Any(s => s != 1) || Preparation.TargetShift.Any(s => s != 0)
        || Preparation.LogTargets;

    /// <summary>The widest row of numbers between two layers.</summary>
    public int Widest => Math.Max(Preparation.Width, Layers.Max(l => l.Outputs));

    /// <summary>The function of a dense layer, null where there is nothing to compute or the whole row is
    /// needed.</summary>
    public SourceFunction? FunctionOf(Dense layer) => functions.GetValueOrDefault(layer.Activation.ToString());

    public static bool IsSoftmax(TrainedLayer layer) => layer.Layer is Dense { Activation.IsElementwise: false };

    /// <summary>
    /// A layer that is not dense, as an expression in x for one unit: it must compute unit by unit. Constants [1,I] in
    /// it are one number per unit.
    /// </summary>
    public static Expr Elementwise(TrainedLayer layer, Expr x)
    {
        Expr y = layer.Define(x);
        foreach (Expr node in y.Nodes())
        {
            bool acrossUnits = node.Operands.Any(o => o.Columns != node.Columns && !o.IsScalar)
                || node.Operation == Operation.MatMul || node.Operation == Operation.Softmax
                || node.Operation == Operation.Transpose;
            if (acrossUnits || node.Rows != 1 || (node.Columns != 1 && node.Columns != layer.Inputs))
                Throw.Input($"Source of {layer.Layer.Describe(layer.Inputs)}",
                    "a dense layer or one that computes element by element",
                    $"{node.Operation}", "Export it to ONNX, which takes it as it is.");
        }
        return y;
    }

    /// <summary>Two lines of what it is, for the head of a file.</summary>
    public IEnumerable<string> Description
    {
        get
        {
            Target target = Preparation.Target;
            string answer = target.IsClass ? $"one of {target.Classes.Count} classes"
                : target.IsMultiLabel ? $"the probabilities of {target.Names.Count} labels" : target.Names.Count == 1
                ? "a number" : $"{target.Names.Count} numbers";
            yield return $"{Name}: multi-layer perceptron {Model.Spec} with {Model.Spec.ParameterCount} parameters; "
                + $"{Columns.Count} raw columns in, {answer} out.";
            if (Model.Temperature is double temperature)
                yield return $"Probabilities calibrated at temperature {Numbers.Text(temperature)}, which is in the "
                    + "weights.";
            yield return $"Written by Downhill {Version}; weights {Model.WeightsHash[..16]}.";
        }
    }

    /// <summary>Text without anything that could end a comment or a line.</summary>
    public static string Comment(string text)
    {
        StringBuilder clean = new();
        foreach (char c in text.Replace("*/", "* /", StringComparison.Ordinal)
            .Replace("\"\"\"", "'''", StringComparison.Ordinal))
            clean.Append(char.IsControl(c) || c is '\u2028' or '\u2029' || char.IsSurrogate(c) ? ' ' : c == '\\' ? '/'
                : c);
        return clean.ToString();
    }

    private static string Version => typeof(Model).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
        .InformationalVersion.Split('+')[0] ?? "";

    /// <summary>The text as an identifier, in lower case: what does not fit becomes '_'.</summary>
    public static string Identifier(string text)
    {
        string kept = new([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);
        kept = kept.Trim('_');
        return kept.Length == 0 ? "model" : char.IsAsciiDigit(kept[0]) ? $"model_{kept}" : kept;
    }
}
