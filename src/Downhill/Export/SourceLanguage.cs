namespace Downhill;

/// <summary>
/// A language that a trained model can be written in: one file of source without dependencies, preparation of raw rows
/// included, that gives the model's answers. Everything in it is made from the layers' and activations' defining
/// expressions, so a user's own activation comes along.
/// </summary>
public sealed class SourceLanguage
{
    private readonly Action<SourceModel, TextWriter> write;

    private SourceLanguage(string name, string extension, string summary, Action<SourceModel, TextWriter> write)
    {
        (Name, Extension, Summary) = (name, extension, summary);
        this.write = write;
    }

    /// <summary>C99: float, no allocation, no state.</summary>
    public static SourceLanguage C { get; } = new("c", ".c", "C99: one file, no allocation", CSource.Write);

    /// <summary>C#: a static class that needs nothing but the base class library.</summary>
    public static SourceLanguage CSharp { get; } = new("csharp", ".cs", "C#: a static class without dependencies",
        CSharpSource.Write);

    /// <summary>Python, with its standard library only: one row at a time.</summary>
    public static SourceLanguage Python { get; } = new("python", ".py", "Python: the standard library only",
        PythonSource.Write);

    /// <summary>Python with NumPy: many rows at once.</summary>
    public static SourceLanguage NumPy { get; } = new("numpy", ".py", "Python with NumPy: many rows at once",
        NumPySource.Write);

    /// <summary>The network as a drawing for Graphviz: units and links, or layers where there are too many units to
    /// see.</summary>
    public static SourceLanguage Dot { get; } = new("dot", ".dot", "a drawing for Graphviz", DotSource.Write);

    /// <summary>Every language, in the order in which help shows them.</summary>
    public static IReadOnlyList<SourceLanguage> All { get; } = [C, CSharp, Python, NumPy, Dot];

    /// <summary>The one word for it, as on the command line.</summary>
    public string Name { get; }

    /// <summary>Of a file in it: ".c".</summary>
    public string Extension { get; }

    /// <summary>What comes out, in a few words.</summary>
    public string Summary { get; }

    /// <summary>The model in this language.</summary>
    /// <param name="model">A trained model.</param>
    /// <param name="name">What functions, class or module are called after; anything that is no letter, digit or
    /// underscore is left out.</param>
    /// <exception cref="DownhillException">A layer of the user's own that computes more than element by
    /// element.</exception>
    public string Write(Model model, string name = "model")
    {
        using StringWriter writer = new() { NewLine = "\n" };
        Write(model, writer, name);
        return writer.ToString();
    }

    /// <summary>Writes the model in this language; lines end as the writer ends them.</summary>
    /// <param name="model">A trained model.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="name">See the other overload.</param>
    /// <exception cref="DownhillException">A layer of the user's own that computes more than element by
    /// element.</exception>
    public void Write(Model model, TextWriter writer, string name = "model") =>
        write(new SourceModel(model, name), writer);

    public override string ToString() => Name;
}
