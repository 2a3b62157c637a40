using System.Globalization;
using Downhill.Graph;

namespace Downhill;

/// <summary>
/// Turns expressions over one number into statements of a language. The notations are keyed by the operation's name;
/// what is used more than once becomes a local.
/// </summary>
internal sealed class SourceSyntax
{
    private readonly Dictionary<string, Notation> notations;

    /// <param name="suffix">After a number: "f" in C.</param>
    /// <param name="isWholeFloat">Whether "1" is a floating-point number once the suffix is there.</param>
    /// <param name="notations">How each operation is written.</param>
    public SourceSyntax(string suffix, bool isWholeFloat, params (string Operation, Notation Notation)[] notations)
    {
        (this.suffix, this.isWholeFloat) = (suffix, isWholeFloat);
        this.notations = new(StringComparer.Ordinal)
        {
            ["Add"] = Infix("+", Level.Sum, Level.Elementwise), ["Subtract"] = Infix("-", Level.Sum, Level.Elementwise),
            ["Multiply"] = Infix("*", Level.Product, Level.Postfix),
            ["Divide"] = Infix("/", Level.Product, Level.Postfix),
            // As loose as a sum: a minus sign follows nothing but the beginning or a parenthesis.
            ["Negate"] = new("-{0}", Level.Sum, Level.Product),
            ["Square"] = new("{0} * {0}", Level.Product, Level.Atom),
            ["Less"] = Infix("<", Level.Comparison, Level.Sum),
            ["LessOrEqual"] = Infix("<=", Level.Comparison, Level.Sum),
        };
        foreach ((string operation, Notation notation) in notations) this.notations[operation] = notation;
    }

    private readonly string suffix;
    private readonly bool isWholeFloat;

    /// <summary>How not-a-number, ∞ and −∞ are written.</summary>
    public required (string NaN, string Infinity, string Negative) Special { get; init; }

    /// <summary>How a local is declared: "const float {0} = {1};".</summary>
    public required string Local { get; init; }

    /// <summary>f(a, b).</summary>
    public static Notation Call(string function, int operands = 1) => new(
        $"{function}({string.Join(", ", Enumerable.Range(0, operands).Select(i => $"{{{i}}}"))})", Level.Atom,
        [.. Enumerable.Repeat(Level.Choice, operands)]);

    /// <summary>A weight: the shortest text that reads back as the same float32.</summary>
    public string Number(float value) => float.IsNaN(value) ? Special.NaN : float.IsInfinity(value)
        ? value > 0 ? Special.Infinity : Special.Negative
        : Finished(value.ToString("R", CultureInfo.InvariantCulture), suffix);

    /// <summary>A number of double precision, without the suffix.</summary>
    public string Precise(double value) => double.IsFinite(value)
        ? Finished(value.ToString("R", CultureInfo.InvariantCulture), "") : Number((float)value);

    /// <summary>The statements that compute an expression, and last the text of its value.</summary>
    /// <param name="root">The expression.</param>
    /// <param name="leaf">The text of a variable or of a constant with several numbers.</param>
    public IReadOnlyList<string> Statements(Expr root, Func<Expr, string> leaf)
    {
        Dictionary<Expr, int> uses = [];
        foreach (Expr node in root.Nodes())
            foreach (Expr operand in node.Operands)
                uses[operand] = uses.GetValueOrDefault(operand) + (node.Operation == Operation.Square ? 2 : 1);
        Dictionary<Expr, string> locals = [];
        List<string> statements = [];
        foreach (Expr node in root.Nodes())
        {
            if (node == root || node.Operands.Count == 0 || uses[node] < 2 || IsComparison(node)) continue;
            string name = $"t{locals.Count + 1}";
            statements.Add(
                string.Format(CultureInfo.InvariantCulture, Local, name, Text(node, Level.Choice, locals, leaf)));
            locals[node] = name;
        }
        statements.Add(Text(root, Level.Choice, locals, leaf));
        return statements;
    }

    /// <summary>Whether some function needs this operation, for which a language may bring its own code.</summary>
    public static bool Uses(IEnumerable<Expr> roots, Operation operation) =>
        roots.Any(root => root.Nodes().Any(node => node.Operation == operation));

    private string Text(Expr node, Level atLeast, Dictionary<Expr, string> locals, Func<Expr, string> leaf,
        bool isCondition = false)
    {
        if (locals.TryGetValue(node, out string? local)) return local;
        if (node.Operands.Count == 0)
        {
            if (node.Operation == Operation.Variable || !node.IsScalar) return leaf(node);
            string number = Number((float)node.ConstantAt());
            return number[0] == '-' && atLeast > Level.Sum ? $"({number})" : number;
        }
        if (IsComparison(node) && !isCondition)
            return Fill(Notation("Select"), atLeast,
                [(Level _) => Text(node, Level.Comparison, locals, leaf, isCondition: true),
                (Level _) => Number(1), (Level _) => Number(0)]);
        bool isSelect = node.Operation == Operation.Select;
        return Fill(Notation(node.Operation.Name), atLeast,
            [.. node.Operands.Select((operand, k) => (Func<Level, string>)(level =>
            !isSelect || k > 0 ? Text(operand, level, locals, leaf)
            : IsComparison(operand) ? Text(operand, level, locals, leaf, isCondition: true)
            : $"{Text(operand, Level.Sum, locals, leaf)} != {Number(0)}"))]);
    }

    private static string Fill(Notation notation, Level atLeast, Func<Level, string>[] operands)
    {
        string text = string.Format(CultureInfo.InvariantCulture, notation.Template,
            [.. operands.Select((operand, k) => operand(notation.Operands[k]))]);
        return notation.Level < atLeast ? $"({text})" : text;
    }

    private Notation Notation(string operation) => notations.TryGetValue(operation, out Notation? notation) ? notation
        : Throw.Input<Notation>("Source", $"one of the operations {string.Join(", ", notations.Keys)}", $"{operation}",
            "Define the activation with these.");

    private static bool IsComparison(Expr node) => node.Operation == Operation.Less
        || node.Operation == Operation.LessOrEqual;

    private static Notation Infix(string symbol, Level level, Level right) =>
        new($"{{0}} {symbol} {{1}}", level, level == Level.Comparison ? right : level, right);

    private string Finished(string text, string end) =>
        text.AsSpan().ContainsAny('.', 'E') || (isWholeFloat && end.Length > 0) ? text + end : text + ".0" + end;
}
