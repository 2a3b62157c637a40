using System.Globalization;
using System.Text;

namespace Downhill.Graph;

/// <summary>How tightly a piece of notation holds together, loosest first.</summary>
internal enum Level { Choice, Comparison, Sum, Elementwise, Product, Postfix, Atom }

/// <summary>How an operation is written.</summary>
/// <param name="Template">With {0}, {1}, … for the operands.</param>
/// <param name="Level">What the whole is.</param>
/// <param name="Operands">What each operand must at least be to stand without parentheses.</param>
internal sealed record Notation(string Template, Level Level, params Level[] Operands)
{
    /// <summary>a ⊙ b: Multiply between matrices, to tell it from the matrix product.</summary>
    internal static readonly Notation Hadamard =
        new("{0} ⊙ {1}", Level.Elementwise, Level.Elementwise, Level.Elementwise);
}

/// <summary>Formulas and numbers as text.</summary>
internal static class Formula
{
    private const int DeepestShown = 200;       // bounds the recursion
    private const int LongestShown = 4000;      // shared nodes are written out at each use, which can be exponential

    /// <summary>Writes out <paramref name="node"/>; a node under it appears as its label where it has one.</summary>
    internal static string Of(Expr node, Func<Expr, string?> label)
    {
        var text = new StringBuilder();
        WriteOut(text, node, Level.Choice, label, 0);
        return text.ToString();
    }

    private static void WriteOut(StringBuilder text, Expr node, Level atLeast, Func<Expr, string?> label, int depth)
    {
        if (depth > DeepestShown || text.Length > LongestShown)
        {
            text.Append('…');
            return;
        }
        int start = text.Length;
        Level level = Level.Atom;
        if (node.Operation == Operation.Variable) text.Append(node.Name);
        else if (depth > 0 && label(node) is { } name) text.Append(name);
        else if (node.Operation == Operation.Constant)
        {
            text.Append(Matrix(node.ConstantValue, "R"));
            if (text[start] == '−') level = Level.Product;
        }
        else
        {
            Notation notation = node.Operation == Operation.Multiply && !node.Operands[0].IsScalar
                && !node.Operands[1].IsScalar ? Notation.Hadamard : node.Operation.Notation;
            level = notation.Level;
            for (int c = 0; c < notation.Template.Length; c++)
            {
                if (notation.Template[c] != '{')
                {
                    text.Append(notation.Template[c]);
                    continue;
                }
                int operand = notation.Template[c + 1] - '0', begin = text.Length;
                WriteOut(text, node.Operands[operand], notation.Operands[operand], label, depth + 1);
                // a·(−b): a minus sign may follow nothing but the beginning or a parenthesis.
                if (c > 0 && level >= Level.Sum && notation.Operands[operand] > Level.Choice && text[begin] == '−')
                {
                    Parenthesise(text, begin);
                }
                c += 2;
            }
        }
        if (level < atLeast) Parenthesise(text, start);
    }

    private static void Parenthesise(StringBuilder text, int start) => text.Insert(start, '(').Append(')');

    /// <summary>A number, [1 2; 3 4], or only the shape of what would be too long.</summary>
    internal static string Matrix(double[,] value, string format)
    {
        (int rows, int columns) = (value.GetLength(0), value.GetLength(1));
        if (value.Length == 1) return Number(value[0, 0], format);
        if (value.Length > 16) return $"[{rows}×{columns}]";
        return "[" + string.Join("; ", Enumerable.Range(0, rows).Select(i =>
            string.Join(" ", Enumerable.Range(0, columns).Select(j => Number(value[i, j], format))))) + "]";
    }

    private static string Number(double value, string format) =>
        double.IsInfinity(value) ? value > 0 ? "∞" : "−∞"
        : value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');
}
