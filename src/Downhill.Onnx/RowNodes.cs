using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>
/// A preparation as nodes: raw columns to the network's inputs. The numbers of all columns go through each step
/// together, [N, numbers]; what comes of them and of the categories is put into the network's order at the end.
/// </summary>
/// <param name="graph">Where to add them.</param>
/// <param name="preparation">What they do.</param>
internal sealed class RowNodes(GraphWriter graph, Preparation preparation)
{
    // What has been made so far, [N, Places.Length], and which inputs of the network it is.
    private readonly List<(string Value, int[] Places)> parts = [];

    /// <summary>Declares the inputs; the result is [N, width] of the network.</summary>
    public static string Add(GraphWriter graph, Preparation preparation, OnnxInputs inputs)
    {
        bool byColumn = inputs == OnnxInputs.Columns
            || (inputs == OnnxInputs.Automatic && preparation.CategoryCount > 0);
        RowNodes nodes = new(graph, preparation);
        if (byColumn) nodes.AddColumns();
        else nodes.AddTensor();
        return nodes.InOrder();
    }

    private void AddColumns()
    {
        List<string> numbers = [];
        List<Action> later = [];
        foreach ((Column column, int place, int first) in Places())
        {
            bool isCategory = column.Kind == ColumnKind.Category;
            string input = graph.Input(column.Name,
                isCategory ? TensorProto.Types.DataType.String : TensorProto.Types.DataType.Float, 1);
            if (!isCategory) numbers.Add(input);
            else if (column.Categories.Count > 0)
                later.Add(() => AddCategory(input, column, first,
                    graph.Texts($"{column.Name}.categories", column.Categories)));
        }
        if (numbers.Count > 0) AddNumbers(Join(numbers, "numbers"));
        foreach (Action add in later) add();
    }

    private void AddTensor()
    {
        string input = graph.Input("input", TensorProto.Types.DataType.Float, preparation.Inputs.Count);
        int[] numbers = [.. Places().Where(p => p.Column.Kind == ColumnKind.Numeric).Select(p => p.Place)];
        if (numbers.Length > 0) AddNumbers(Pick(input, numbers, preparation.Inputs.Count, "numbers"));
        foreach ((Column column, int place, int first) in Places())
        {
            if (column.Kind == ColumnKind.Numeric || column.Categories.Count == 0) continue;
            float[] codes = [.. Enumerable.Range(0, column.Categories.Count).Select(k => (float)k)];
            AddCategory(Pick(input, [place], preparation.Inputs.Count, column.Name), column, first,
                graph.Numbers($"{column.Name}.codes", codes, codes.Length));
        }
    }

    /// <summary>Raw columns, each with its place among them and the first of its inputs of the network.</summary>
    private IEnumerable<(Column Column, int Place, int First)> Places()
    {
        int numeric = 0, first = 0;
        for (int place = 0; place < preparation.Inputs.Count; place++)
        {
            Column column = preparation.Inputs[place];
            yield return (column, place, first);
            first += column.Kind == ColumnKind.Category ? column.Categories.Count
                : preparation.Encodings[numeric++].Width;
        }
    }

    /// <summary>[N,1] compared with the K categories: 1 in the place of its own, 0 everywhere when it is
    /// unknown.</summary>
    private void AddCategory(string value, Column column, int first, string categories) =>
        parts.Add((Cast(graph.Node("Equal", $"{column.Name}.is", [value, categories]), $"{column.Name}.one_hot"),
            [.. Enumerable.Range(first, column.Categories.Count)]));

    // ---- numbers ----------------------------------------------------------------------------------------------------

    /// <summary>A column of numbers: its place among them, the first of its inputs of the network, and what is done
    /// with it.</summary>
    private sealed record Number(string Name, int Place, int First, NumericEncoding Encoding, double Shift,
        double Scale)
    {
        public bool HasValue => !Encoding.IsConstant && Encoding.Levels.Count == 0;
        public int Indicator => First + (HasValue ? 1 : 0);

        /// <summary>The first input of its levels: after the indicator.</summary>
        public int FirstLevel => Encoding.HasIndicator ? First + 1 : First;
    }

    private void AddNumbers(string raw)
    {
        List<Number> all = [];
        foreach ((Column column, _, int first) in Places())
            if (column.Kind == ColumnKind.Numeric)
                all.Add(new(column.Name, all.Count, first, preparation.Encodings[all.Count],
                    preparation.Shift[all.Count], preparation.Scale[all.Count]));
        Number[] valued = [.. all.Where(n => n.HasValue)];
        Number[] indicated = [.. all.Where(n => n.Encoding.HasIndicator && !n.Encoding.IsConstant)];
        if (valued.Length > 0)
            parts.Add((Values(Pick(raw, [.. valued.Select(n => n.Place)], all.Count, "valued"), valued),
                [.. valued.Select(n => n.First)]));
        if (indicated.Length > 0)
        {
            string some = Pick(raw, [.. indicated.Select(n => n.Place)], all.Count, "indicated");
            parts.Add((Cast(graph.Node("IsNaN", "is_missing", [some]), "missing"),
                [.. indicated.Select(n => n.Indicator)]));
        }
        foreach (Number number in all.Where(n => n.Encoding.Levels.Count > 0 && !n.Encoding.IsConstant))
            parts.Add((Levels(Pick(raw, [number.Place], all.Count, number.Name), number),
                [.. Enumerable.Range(number.FirstLevel, number.Encoding.Levels.Count)]));
    }

    /// <summary>Landmarks, (x − shift)·scale, what stands for a missing number, the soft clip.</summary>
    private string Values(string raw, Number[] numbers)
    {
        string rows = Scaled(numbers.Any(n => n.Encoding.Landmarks.Count > 0) ? Placed(raw, numbers) : raw, numbers);
        int width = numbers.Length;
        if (numbers.Any(n => !double.IsNaN(n.Encoding.Fill) || n.Encoding.Landmarks.Count > 0))
        {
            // As the network sees it: in the column's unit float32 might not hold it well enough.
            float[] fill = [.. numbers.Select(n => (float)((n.Encoding.Placed(n.Encoding.Fill) - n.Shift) * n.Scale))];
            rows = graph.Node("Where", "filled",
                [graph.Node("IsNaN", "is_empty", [raw]), graph.Numbers("fill", fill, width), rows]);
        }
        if (numbers.All(n => n.Encoding.Clip == 0)) return rows;
        // z/√(1 + (z/c)²), with 1/c = 0 where there is none. What is far outside is brought near first: its square
        // would be infinite in float32.
        float[] nearest =
            [.. numbers.Select(n => n.Encoding.Clip == 0 ? float.PositiveInfinity : (float)(1e6 * n.Encoding.Clip))];
        float[] inverse = [.. numbers.Select(n => n.Encoding.Clip == 0 ? 0 : (float)(1 / n.Encoding.Clip))];
        string near = graph.Node("Min", "not_above", [rows, graph.Numbers("highest", nearest, width)]);
        near = graph.Node("Max", "not_below", [near,
            graph.Numbers("lowest", [.. nearest.Select(n => -n)], width)]);
        string share = graph.Node("Mul", "share_of_clip", [near, graph.Numbers("clip_inverse", inverse, width)]);
        string length = graph.Node("Sqrt", "length", [graph.Node("Add", "one_and_square",
            [graph.Node("Mul", "square", [share, share]), graph.Number(1)])]);
        return graph.Node("Div", "clipped", [near, length]);
    }

    /// <summary>Quantile landmarks, column by column; the others as they are.</summary>
    private string Placed(string raw, Number[] numbers)
    {
        List<string> columns = [];
        for (int from = 0; from < numbers.Length;)
        {
            int to = from + 1;
            bool isPlaced = numbers[from].Encoding.Landmarks.Count > 0;
            while (!isPlaced && to < numbers.Length && numbers[to].Encoding.Landmarks.Count == 0) to++;
            string some = Pick(raw, [.. Enumerable.Range(from, to - from)], numbers.Length, numbers[from].Name);
            columns.Add(isPlaced ? Placed(some, numbers[from]) : some);
            from = to;
        }
        return Join(columns, "placed");
    }

    /// <summary>
    /// p₀ + Σₖ (pₖ₊₁ − pₖ)·min(max(x − aₖ, 0), wₖ)/wₖ for landmarks aₖ, widths wₖ = aₖ₊₁ − aₖ and places pₖ: straight
    /// lines, and nothing beyond the ends. What float32 cannot hold of aₖ is subtracted by itself.
    /// </summary>
    private string Placed(string column, Number number)
    {
        IReadOnlyList<double> landmarks = number.Encoding.Landmarks, places = number.Encoding.Places;
        int pieces = landmarks.Count - 1;
        float[] high = new float[pieces], low = new float[pieces], width = new float[pieces];
        double[,] rise = new double[pieces, 1];
        for (int k = 0; k < pieces; k++)
        {
            high[k] = (float)landmarks[k];
            low[k] = (float)(landmarks[k] - high[k]);
            width[k] = (float)Math.Max(landmarks[k + 1] - landmarks[k], 1e-37); // no 0 of two that are very near
            rise[k, 0] = places[k + 1] - places[k];
        }
        string name = number.Name;
        string beyond = graph.Node("Sub", $"{name}.beyond", [column, graph.Numbers($"{name}.landmarks", high, pieces)]);
        if (low.Any(l => l != 0))
            beyond = graph.Node("Sub", $"{name}.beyond_rest",
                [beyond, graph.Numbers($"{name}.landmarks_rest", low, pieces)]);
        string widths = graph.Numbers($"{name}.widths", width, pieces);
        string within = graph.Node("Min", $"{name}.within",
            [graph.Node("Max", $"{name}.not_before", [beyond, graph.Number(0)]), widths]);
        string sum = graph.Node("MatMul", $"{name}.risen",
            [graph.Node("Div", $"{name}.shares", [within, widths]), graph.Numbers($"{name}.rises", rise)]);
        return graph.Node("Add", $"{name}.place", [sum, graph.Number((float)places[0])]);
    }

    /// <summary>
    /// (x − shift)·scale. Where float32 cannot hold a shift well enough (a year, an amount of money, whose differences
    /// matter), it is subtracted in two parts, of which the first is exact.
    /// </summary>
    private string Scaled(string rows, Number[] numbers)
    {
        int width = numbers.Length;
        float[] shift = [.. numbers.Select(n => (float)n.Shift)], scale = [.. numbers.Select(n => (float)n.Scale)];
        float[] rest = [.. numbers.Select(n => (float)(n.Shift - (float)n.Shift))];
        bool needsRest = numbers.Any(n => Math.Abs((n.Shift - (float)n.Shift) * n.Scale) > 1e-6);
        if (shift.Any(s => s != 0)) rows = graph.Node("Sub", "shifted", [rows, graph.Numbers("shift", shift, width)]);
        if (needsRest) rows = graph.Node("Sub", "shifted_rest", [rows, graph.Numbers("shift_rest", rest, width)]);
        if (scale.All(s => s == 1)) return rows;
        return graph.Node("Mul", "scaled", [rows, graph.Numbers("scale", scale, width)]);
    }

    /// <summary>[N,1] compared with the levels. What the model refuses, a number that is infinite, or missing without
    /// an indicator, gives no number: x·0 is none for them, and 0 for any other.</summary>
    private string Levels(string column, Number number)
    {
        float[] levels = [.. number.Encoding.Levels];
        string isLevel = Cast(graph.Node("Equal", $"{number.Name}.is",
            [column, graph.Numbers($"{number.Name}.levels", levels, levels.Length)]), $"{number.Name}.one_hot");
        string number0 = graph.Number(0), present = !number.Encoding.HasIndicator ? column
            : graph.Node("Where", $"{number.Name}.present",
                [graph.Node("IsNaN", $"{number.Name}.is_missing", [column]), number0, column]);
        return graph.Node("Add", $"{number.Name}.checked",
            [isLevel, graph.Node("Mul", $"{number.Name}.nothing", [present, number0])]);
    }

    // ---- columns ----------------------------------------------------------------------------------------------------

    /// <summary>Some columns of [N, count]: it itself where they are all.</summary>
    private string Pick(string rows, int[] columns, int count, string name)
    {
        if (columns.Length == count && !columns.Where((c, i) => c != i).Any()) return rows;
        if (columns[^1] - columns[0] == columns.Length - 1)
            return graph.Node("Slice", name, [rows, graph.Integers([columns[0]]), graph.Integers([columns[^1] + 1]),
                graph.Integers([1])]);
        return graph.Node("Gather", name, [rows, graph.Integers([.. columns.Select(c => (long)c)])],
            GraphWriter.Attribute("axis", 1));
    }

    private string Join(IReadOnlyList<string> values, string name) =>
        values.Count == 1 ? values[0] : graph.Node("Concat", name, values, GraphWriter.Attribute("axis", 1));

    private string Cast(string value, string name) => graph.Cast(value, TensorProto.Types.DataType.Float, name);

    /// <summary>All parts, in the order of the network's inputs.</summary>
    private string InOrder()
    {
        int[] places = [.. parts.SelectMany(p => p.Places)];
        string rows = Join([.. parts.Select(p => p.Value)], "columns");
        int[] from = new int[places.Length];
        for (int i = 0; i < places.Length; i++) from[places[i]] = i;
        if (!from.Where((f, i) => f != i).Any()) return rows;
        return graph.Node("Gather", "inputs", [rows, graph.Integers([.. from.Select(f => (long)f)])],
            GraphWriter.Attribute("axis", 1));
    }
}
