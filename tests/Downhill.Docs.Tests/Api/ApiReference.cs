using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Downhill.Docs.Tests.Api;

/// <summary>The reference of every public type, made of the assemblies and of the documentation in the code.</summary>
internal static partial class ApiReference
{
    // The engine's types by what one does with them; those that stand nowhere come last on the first page that takes
    // all.
    private static readonly (string Page, string Title, string[] Types)[] Engine =
    [
        ("models", "Models: train, ask, measure, keep",
        [
            "Model", "Model*", "Fit*", "Prediction", "Predictor", "Metrics", "ClassScore", "TargetScore", "Recipe",
            "Training*", "CrossValidation", "ClassWeight", "Checkpoint", "SourceLanguage", "DownhillException",
            "EpochReport", "StepReport", "StopReason", "Trace", "*Trace",
        ]),
        ("data", "Data: rows, columns, preparation",
        [
            "Dataset", "RowSource", "Column*", "Target", "ImageShape", "Sample", "Split", "Preparation",
            "NumericEncoding", "Scaling", "Permutation", "Random*",
        ]),
        ("catalogs", "Catalogs: activations, losses, optimizers and their like",
        [
            "Catalog*", "Entry`1", "Parameter", "Activation*", "IActivation", "DerivativeFrom", "OutputRange", "Loss*",
            "IElementLoss", "Optimizer*", "IUpdateRule", "Rule*", "Schedule*", "Initializer*", "LayerStart",
            "StoppingRule*", "Augmentation*",
        ]),
        ("lecture", "To look inside: perceptron, error surface, gradients by hand",
        [
            "Perceptron*", "Separab*", "NotSeparable", "Undecided", "GordanCertificate", "ErrorSurface",
            "SimplestNetwork", "PerformanceFunction",
        ]),
        ("networks", "Networks and training, step by step", ["*"]),
    ];

    private static readonly (string Space, string Page, string Title)[] Spaces =
    [
        ("Downhill.Graph", "graph", "Graph: formulas, their values and gradients"),
        ("Downhill.Kernels", "kernels", "Kernels: vectors for parts of your own"),
    ];

    /// <summary>The packages' assemblies: those of Downhill beside this one that have documentation, without the
    /// playground.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "Downhill*.xml")
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)
            .Where(name => !name.StartsWith("Downhill.Playground", StringComparison.Ordinal) && name != "Downhill.Cli")
            .Select(Assembly.Load),
    ];

    /// <summary>The pages' texts by the name of the file.</summary>
    public static IReadOnlyDictionary<string, string> Make()
    {
        List<ApiPage> pages = Pages();
        Dictionary<string, (ApiPage Page, Type Type)> places = pages
            .SelectMany(page => page.Types.Select(type => (page, type)))
            .ToDictionary(p => MemberId.Of(p.type), p => p, StringComparer.Ordinal);
        Dictionary<Assembly, ApiText> docs = Assemblies.ToDictionary(a => a,
            a => new ApiText(Path.Combine(AppContext.BaseDirectory, $"{a.GetName().Name}.xml"), Link));
        Dictionary<string, string> texts = pages.ToDictionary(
            page => $"{page.Name}.md", page => page.Text(type => docs[type.Assembly]));
        texts["README.md"] = Index(pages, type => docs[type.Assembly]);
        return texts;

        string Link(string id)
        {
            string name = id[2..].Split('(')[0];
            if (places.TryGetValue(id, out var place))
                return $"[{Plain(Signature.Name(place.Type))}]({place.Page.Name}.md#{ApiPage.Anchor(place.Type)})";
            int dot = name.LastIndexOf('.');
            string member = name[(dot + 1)..].Split('`')[0];
            if (dot > 0 && places.TryGetValue($"T:{name[..dot]}", out var of))
                return $"[{Plain(Signature.Name(of.Type))}.{member}]({of.Page.Name}.md#{ApiPage.Anchor(of.Type)})";
            return $"`{member}`";
        }
    }

    private static List<ApiPage> Pages()
    {
        List<ApiPage> pages = [];
        foreach (Assembly assembly in Assemblies)
        {
            Type[] types = [
                .. assembly.GetExportedTypes().Where(IsOurs).OrderBy(Signature.Name, StringComparer.Ordinal)];
            if (assembly.GetName().Name != "Downhill")
            {
                pages.Add(new(assembly.GetName().Name!, assembly.GetName().Name!, types));
                continue;
            }
            HashSet<Type> placed = [];
            foreach ((string page, string title, string[] names) in Engine)
                Add(page, title, type => type.Namespace == "Downhill" && names.Any(name => Fits(type, name)));
            foreach ((string space, string page, string title) in Spaces)
                Add(page, title, type => type.Namespace == space);
            Type[] left = [.. types.Where(type => !placed.Contains(type))];
            if (left.Length > 0) pages.Add(new("more", "More", left));

            void Add(string page, string title, Func<Type, bool> belongs)
            {
                Type[] chosen = [.. types.Where(type => !placed.Contains(type) && belongs(type))];
                if (chosen.Length == 0) return;
                placed.UnionWith(chosen);
                pages.Add(new(page, title, chosen));
            }
        }
        return pages;
    }

    /// <summary>Generated code has no documentation of ours.</summary>
    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("Downhill", StringComparison.Ordinal) == true;

    private static bool Fits(Type type, string name)
    {
        string own = (type.DeclaringType ?? type).Name;
        return name == "*" || own == name
            || (name.StartsWith('*') && own.EndsWith(name[1..], StringComparison.Ordinal))
            || (name.EndsWith('*') && own.StartsWith(name[..^1], StringComparison.Ordinal));
    }

    private static string Index(List<ApiPage> pages, Func<Type, ApiText> docs)
    {
        StringBuilder text = new("""
            # Reference

            Every public type, made of the code's own documentation by the tests (`DOWNHILL_UPDATE_DOCS=1` rewrites it). To learn from, take the
            [pages by task](../README.md); most programs need `Model`, `FitOptions`, `Dataset` and `Prediction`.

            """);
        foreach (ApiPage page in pages)
        {
            text.Append($"\n## [{page.Title}]({page.Name}.md)\n\n");
            foreach (Type type in page.Types.Where(t => !t.IsNested))
            {
                string summary = docs(type).Part(MemberId.Of(type), "summary");
                text.Append($"- [{Plain(Signature.Name(type))}]({page.Name}.md#{ApiPage.Anchor(type)})");
                text.Append(summary.Length > 0 ? $": {FirstSentence(summary)}\n" : "\n");
            }
        }
        return text.ToString();
    }

    private static string FirstSentence(string text) => SentenceEnd().Split(text, 2)[0];

    private static string Plain(string name) => name.Replace("<", "&lt;", StringComparison.Ordinal);

    // After a full stop that does not stand behind somebody's initial.
    [GeneratedRegex(@"(?<=[^A-Z]\.) (?=[A-Z])")]
    private static partial Regex SentenceEnd();
}
