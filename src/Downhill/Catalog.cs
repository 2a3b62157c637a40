using System.Globalization;
using System.Text.Json;

namespace Downhill;

/// <summary>One settable number of a catalog entry.</summary>
/// <param name="Name">As written in <c>name(parameter=value)</c>.</param>
/// <param name="Default">The value when it is not given.</param>
/// <param name="Min">Smallest allowed value.</param>
/// <param name="Max">Largest allowed value.</param>
/// <param name="Summary">What it does, in a few words.</param>
public sealed record Parameter(
    string Name, double Default, double Min = double.NegativeInfinity, double Max = double.PositiveInfinity,
    string Summary = "")
{
    /// <summary>Whether <see cref="Min"/> itself is excluded, as for a width that must be above 0.</summary>
    public bool ExcludesMin { get; init; }

    /// <summary>Whether only whole numbers are allowed.</summary>
    public bool Whole { get; init; }

    internal void Check(string owner, double value)
    {
        bool inside = double.IsFinite(value) && value <= Max && (ExcludesMin ? value > Min : value >= Min)
            && (!Whole || value == Math.Floor(value));
        if (!inside)
            Throw.Input($"Parameter '{Name}' of '{owner}'", RangeText(), Numbers.Text(value),
                $"{Summary} Default {Numbers.Text(Default)}.");
    }

    internal string RangeText()
    {
        string kind = Whole ? "a whole number" : "a number";
        string low = double.IsNegativeInfinity(Min) ? "" : ExcludesMin ? $" above {Numbers.Text(Min)}"
            : $" from {Numbers.Text(Min)}";
        string high = double.IsPositiveInfinity(Max) ? "" : $" up to {Numbers.Text(Max)}";
        return kind + low + high;
    }
}

/// <summary>
/// What a catalog says of one entry: the text behind help, menus, tables and messages, and how to make a value of it.
/// </summary>
public sealed class Entry<TItem> where TItem : CatalogItem
{
    private readonly Func<double[], TItem> create;
    private readonly Func<string, Catalog, TItem>? read;

    /// <param name="name">The one name used in C#, on the command line, in files and in the playground.</param>
    /// <param name="formula">The definition in the lecture's symbols.</param>
    /// <param name="summary">One line: what it is good for.</param>
    /// <param name="source">Paper and equation, or the lecture's row.</param>
    /// <param name="parameters">Settable numbers, in the order in which they may be given without a name.</param>
    /// <param name="create">Makes the value from one number per parameter.</param>
    public Entry(
        string name, string formula, string summary, string source, IReadOnlyList<Parameter> parameters,
        Func<double[], TItem> create)
    {
        (Name, Formula, Summary, Source, Parameters) = (name, formula, summary, source, parameters);
        this.create = create;
    }

    /// <summary>An entry whose parentheses hold more than numbers: it reads them itself, and the item says them
    /// again.</summary>
    /// <param name="name">The one name used in C#, on the command line, in files and in the playground.</param>
    /// <param name="formula">The definition in the lecture's symbols.</param>
    /// <param name="summary">One line: what it is good for.</param>
    /// <param name="source">Paper and equation, or the lecture's row.</param>
    /// <param name="example">What may stand in the parentheses; the default.</param>
    /// <param name="read">Makes the value from the text in the parentheses; the catalog is there for entries within
    /// it.</param>
    public Entry(
        string name, string formula, string summary, string source, string example, Func<string, Catalog, TItem> read)
    {
        (Name, Formula, Summary, Source, Parameters, Example) = (name, formula, summary, source, [], example);
        this.read = read;
        create = _ => read(example, Catalog.Default);
    }

    public string Name { get; }
    public string Formula { get; }
    public string Summary { get; }
    public string Source { get; }
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>What may stand in the parentheses where that is not numbers, null for an entry with
    /// parameters.</summary>
    public string? Example { get; }

    /// <summary>As it is written with everything in it: <c>relu</c>, <c>cosine(floor=0)</c>,
    /// <c>target(train.loss&lt;0.01)</c>.</summary>
    public string Form => Example is not null ? $"{Name}({Example})" : Parameters.Count == 0 ? Name
        : $"{Name}({string.Join(",", Parameters.Select(p => $"{p.Name}={Numbers.Text(p.Default)}"))})";

    /// <summary>The value with every parameter at its default.</summary>
    public TItem Default => Create([.. Parameters.Select(p => p.Default)]);

    /// <summary>The value with these numbers, one per parameter.</summary>
    /// <exception cref="DownhillException">A number outside its range.</exception>
    public TItem Create(params double[] arguments)
    {
        if (arguments.Length != Parameters.Count)
            Throw.Input($"'{Name}'", $"{Parameters.Count} parameters", $"{arguments.Length}",
                "Give one number per parameter.");
        for (int i = 0; i < arguments.Length; i++)
            Parameters[i].Check(Name, arguments[i]);
        TItem item = create(arguments);
        item.Describe(Name, Parameters, arguments);
        return item;
    }

    /// <summary>The value of a text in the parentheses, for entries with an <see cref="Example"/>.</summary>
    internal TItem Read(string inside, Catalog catalog)
    {
        TItem item = read!(inside, catalog);
        item.Describe(Name, [], []);
        return item;
    }
}

/// <summary>
/// A named value with numbers: an activation, a loss, an optimizer, a schedule, an initializer, a stopping rule,
/// an augmentation.
/// Prints as it is parsed: <c>leaky_relu(0.01)</c>. Two values are equal when they print alike.
/// </summary>
public abstract class CatalogItem : IEquatable<CatalogItem>
{
    private IReadOnlyList<Parameter> parameters = [];
    private double[] arguments = [];

    public string Name { get; private set; } = "";

    /// <summary>One number per parameter of the entry.</summary>
    public ReadOnlySpan<double> Arguments => arguments;

    /// <summary>What stands in the parentheses where that is not numbers; null for an item with parameters.</summary>
    protected virtual string? Inside => null;

    /// <summary>The entry's parameters, in the order of <see cref="Arguments"/>.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    internal void Describe(string name, IReadOnlyList<Parameter> parameters, double[] arguments) =>
        (Name, this.parameters, this.arguments) = (name, parameters, arguments);

    /// <summary>Index of a parameter by name, −1 when there is none.</summary>
    public int IndexOf(string parameter)
    {
        for (int i = 0; i < parameters.Count; i++)
            if (parameters[i].Name == parameter) return i;
        return -1;
    }

    /// <summary>The name alone when all parameters have their defaults, else <c>name(a=1,b=2)</c> or
    /// <c>name(1)</c>.</summary>
    public sealed override string ToString()
    {
        if (Inside is string inside) return $"{Name}({inside})";
        if (parameters.Select(p => p.Default).SequenceEqual(arguments)) return Name;
        if (arguments.Length == 1) return $"{Name}({Numbers.Text(arguments[0])})";
        return $"{Name}({string.Join(",", parameters.Zip(arguments, (p, a) => $"{p.Name}={Numbers.Text(a)}"))})";
    }

    public bool Equals(CatalogItem? other) => other is not null && other.GetType() == GetType()
        && other.ToString() == ToString();
    public sealed override bool Equals(object? obj) => Equals(obj as CatalogItem);
    public sealed override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());
}

/// <summary>
/// The names that parsing and loading know. <see cref="Default"/> holds what ships; a user's own entries join with
/// <c>Catalog.Default with { Activations = [.. Catalog.Default.Activations, mine] }</c>.
/// </summary>
public sealed record Catalog
{
    public static Catalog Default { get; } = new();

    public IReadOnlyList<Entry<Activation>> Activations { get; init; } = Downhill.Activations.All;
    public IReadOnlyList<Entry<Loss>> Losses { get; init; } = Downhill.Losses.All;
    public IReadOnlyList<Entry<Optimizer>> Optimizers { get; init; } = Downhill.Optimizers.All;
    public IReadOnlyList<Entry<Schedule>> Schedules { get; init; } = Downhill.Schedules.All;
    public IReadOnlyList<Entry<Initializer>> Initializers { get; init; } = Downhill.Initializers.All;
    public IReadOnlyList<Entry<StoppingRule>> StoppingRules { get; init; } = Downhill.StoppingRules.All;
    public IReadOnlyList<Entry<Augmentation>> Augmentations { get; init; } = Downhill.Augmentations.All;

    /// <summary>Kinds of layers and how each is read from a model file.</summary>
    public IReadOnlyList<(string Kind, Func<JsonElement, Catalog, Layer> Read)> Layers { get; init; } =
        [("dense", Dense.Read), ("dropout", Dropout.Read), ("batch_norm", BatchNorm.Read),
            ("feature_scale", FeatureScale.Read)];

    public Activation Activation(string text) => Parse(Activations, "activation", text, this);
    public Loss Loss(string text) => Parse(Losses, "loss", text, this);
    public Optimizer Optimizer(string text) => Parse(Optimizers, "optimizer", text, this);
    public Schedule Schedule(string text) => Parse(Schedules, "schedule", text, this);
    public Initializer Initializer(string text) => Parse(Initializers, "initializer", text, this);
    public Augmentation Augmentation(string text) => Parse(Augmentations, "augmentation", text, this);
    public StoppingRule StoppingRule(string text) => Parse(StoppingRules, "stopping rule", text, this);

    /// <summary>Reads <c>name</c>, <c>name(1,2)</c> or <c>name(a=1,b=2)</c>.</summary>
    /// <exception cref="DownhillException">Unknown name (the nearest is suggested), unknown parameter, no number, out
    /// of range.</exception>
    internal static TItem Parse<TItem>(IReadOnlyList<Entry<TItem>> entries, string kind, string text,
        Catalog? catalog = null)
        where TItem : CatalogItem
    {
        string trimmed = text.Trim();
        int open = trimmed.IndexOf('(', StringComparison.Ordinal);
        string name = (open < 0 ? trimmed : trimmed[..open]).Trim();
        Entry<TItem>? entry = entries.FirstOrDefault(
            e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase));
        if (entry is null)
        {
            string known = string.Join(", ", entries.Select(e => e.Name));
            Throw.Input($"Unknown {kind} '{name}'", $"one of {known}", $"'{text}'",
                Synonyms.Of(kind, name) is string here && entries.Any(e => e.Name == here) ? $"Did you mean '{here}'?"
                : Suggest.DidYouMean(name, entries.Select(e => e.Name)));
        }
        if (entry.Example is not null) return entry.Read(Within(kind, trimmed, open, entry.Form), catalog ?? Default);
        double[] arguments = [.. entry.Parameters.Select(p => p.Default)];
        if (open >= 0) ParseArguments(entry, kind, trimmed, open, arguments);
        return entry.Create(arguments);
    }

    private static void ParseArguments<TItem>(Entry<TItem> entry, string kind, string text, int open,
        double[] arguments)
        where TItem : CatalogItem
    {
        string where = $"The {kind} '{text}'", form = entry.Form;
        string inside = Within(kind, text, open, form);
        if (inside.Length == 0) return;
        string[] parts = inside.Split(',');
        bool[] given = new bool[arguments.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            string[] pair = parts[i].Split('=', 2, StringSplitOptions.TrimEntries);
            int index = pair.Length == 1 ? i : IndexOf(entry.Parameters, pair[0]);
            if (index < 0 || index >= arguments.Length)
                Throw.Input(where, arguments.Length == 0 ? "no parameters"
                    : $"the parameters {string.Join(", ", entry.Parameters.Select(p => p.Name))}",
                    $"'{parts[i].Trim()}'", $"Write it as {form}.");
            if (given[index])
                Throw.Input(where, "every parameter at most once", $"{entry.Parameters[index].Name} twice",
                    $"Write it as {form}.");
            given[index] = true;
            if (!Numbers.TryParse(pair[^1], out arguments[index]))
                Throw.Input(where, "a number", $"'{pair[^1]}'", $"Write it as {form}.");
        }
    }

    /// <summary>The text between the parentheses.</summary>
    private static string Within(string kind, string text, int open, string form)
    {
        if (open < 0 || !text.EndsWith(')'))
            Throw.Input($"The {kind} '{text}'", open < 0 ? "parentheses" : "a closing parenthesis", $"'{text}'",
                $"Write it as {form}.");
        return text[(open + 1)..^1].Trim();
    }

    /// <summary>The parts of a list separated by commas; those within parentheses separate nothing.</summary>
    internal static IReadOnlyList<string> Parts(string text)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (text[i] != ',' || depth != 0) continue;
            parts.Add(text[start..i].Trim());
            start = i + 1;
        }
        parts.Add(text[start..].Trim());
        return parts;
    }

    private static int IndexOf(IReadOnlyList<Parameter> parameters, string name)
    {
        for (int i = 0; i < parameters.Count; i++)
            if (string.Equals(parameters[i].Name, name, StringComparison.OrdinalIgnoreCase)) return i;
        return -1;
    }
}

/// <summary>Numbers as they are written in files, messages and on the command line: invariant, shortest exact
/// form.</summary>
internal static class Numbers
{
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static bool TryParse(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !double.IsNaN(value);
}
