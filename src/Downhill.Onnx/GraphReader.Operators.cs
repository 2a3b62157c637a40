using System.Text;
using Downhill.Graph;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

// What each operator makes of its operands.
internal sealed partial class GraphReader
{
    private IReadOnlyList<GraphValue> Compute(NodeProto node, GraphValue?[] x)
    {
        if (x.Length > 0 && x.All(o => o is null or ConstantValue) && Fold(node, x) is GraphValue folded) return [folded];
        return node.OpType switch
        {
            "Constant" => [Constant(node)],
            "Identity" => [One(node, x)],
            "Dropout" => [Dropout(node, x)],
            "Cast" or "CastLike" => [Cast(node, x)],
            "Gemm" => [Gemm(node, x)],
            "MatMul" => [MatMul(node, x)],
            "BatchNormalization" => [BatchNormalization(node, x)],
            "Scaler" => [Scaler(node, x)],
            "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "Equal" => [Binary(node, x)],
            "Max" or "Min" => [Several(node, x)],
            "Where" => [Where(node, x)],
            "Clip" => [Clip(node, x)],
            "PRelu" => [PRelu(node, x)],
            "Softmax" => [Softmax(node, x)],
            "LogSoftmax" => Refuse<GraphValue[]>(node, "probabilities", "their logarithms", "Export the network with softmax as its last layer."),
            "Flatten" => [Flatten(node, x)],
            "Reshape" => [Reshape(node, x)],
            "Squeeze" or "Unsqueeze" => [Squeeze(node, x)],
            "Transpose" => [Transpose(node, x)],
            "Concat" or "FeatureVectorizer" => [Concat(node, x)],
            "Slice" => [Slice(node, x)],
            "Split" => Split(node, x),
            "Gather" or "ArrayFeatureExtractor" => [Gather(node, x)],
            "Shape" => [new ConstantValue(OnnxTensor.Of([1 + Row(node, x, 0).Shape.Count],
                [-1, .. Row(node, x, 0).Shape.Select(d => (double)d)], TensorProto.Types.DataType.Int64))],
            "ArgMax" => [ArgMax(node, x)],
            "OneHotEncoder" => [OneHotEncoder(node, x)],
            "LabelEncoder" => [LabelEncoder(node, x)],
            "ZipMap" => [ZipMap(node, x)],
            "Normalizer" => [One(node, x) is RowValue { Count: >= 1 } && Text(node, "norm") is null or "L1" ? Shares(node, x) : Refuse<GraphValue>(node,
                "an operator of a multi-layer perceptron", "Normalizer", "It depends on the whole row.")],
            _ when Activation(node) is Func<Expr, Expr> phi => [Apply(node, Row(node, x, 0), phi)],
            _ => Refuse<GraphValue[]>(node, "an operator of a multi-layer perceptron", node.OpType,
                "Only dense layers, activations, normalisation, scaling and one-hot encoding can be read."),
        };
    }

    // ---- element by element -----------------------------------------------------------------------------------------

    /// <summary>φ of operators with one operand, or null.</summary>
    private Func<Expr, Expr>? Activation(NodeProto node) => node.OpType switch
    {
        "Relu" => v => Expr.Max(0, v),
        "LeakyRelu" => v => Expr.Select(Expr.LessOrEqual(v, 0), Number(node, "alpha", 0.01) * v, v),
        "ThresholdedRelu" => v => Expr.Select(Expr.LessOrEqual(v, Number(node, "alpha", 1)), 0, v),
        "Elu" => v => Exponential(v, Number(node, "alpha", 1), 1),
        "Celu" => v => Expr.Select(Expr.LessOrEqual(v, 0),
            Number(node, "alpha", 1) * (Expr.Exp(v / Number(node, "alpha", 1)) - 1), v),
        "Selu" => v => Exponential(v, Number(node, "alpha", 1.6732632423543772), Number(node, "gamma", 1.0507009873554805)),
        "Gelu" => Text(node, "approximate") is "tanh"
            ? v => 0.5 * v * (1 + Expr.Tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)))
            : v => 0.5 * v * (1 + Expr.Erf(0.7071067811865476 * v)),
        "Mish" => v => v * Expr.Tanh(Expr.Softplus(v)),
        "Swish" => v => v * Expr.Sigmoid(Number(node, "alpha", 1) * v),
        "HardSwish" => v => v * Expr.Max(0, Expr.Min(1, v / 6 + 0.5)),
        "HardSigmoid" => v => Expr.Max(0, Expr.Min(1, Number(node, "alpha", 0.2) * v + Number(node, "beta", 0.5))),
        "Softplus" => Expr.Softplus,
        "Softsign" => v => v / (1 + Expr.Abs(v)),
        "Sigmoid" => Expr.Sigmoid,
        "Tanh" => Expr.Tanh,
        "Exp" => Expr.Exp,
        "Log" => Expr.Log,
        "Sqrt" => Expr.Sqrt,
        "Abs" => Expr.Abs,
        "Sign" => Expr.Sign,
        "Sin" => Expr.Sin,
        "Cos" => Expr.Cos,
        "Erf" => Expr.Erf,
        "Neg" => v => -v,
        "Reciprocal" => v => 1 / v,
        "Not" => v => 1 - v,
        _ => null,
    };

    private static Expr Exponential(Expr v, double alpha, double factor) =>
        Expr.Select(Expr.LessOrEqual(v, 0), factor * alpha * (Expr.Exp(v) - 1), factor * v);

    private static RowValue Apply(NodeProto node, RowValue row, Func<Expr, Expr> phi) =>
        row with { G = phi(row.G), IsCondition = node.OpType == "Not" };

    /// <summary>A two-operand operator: of two numbers of a row, or of a number and something fixed.</summary>
    private static Expr Combine(string operation, Expr a, Expr b) => operation switch
    {
        "Add" => a + b,
        "Sub" => a - b,
        "Mul" => a * b,
        "Div" => a / b,
        "Less" => Expr.Less(a, b),
        "LessOrEqual" => Expr.LessOrEqual(a, b),
        "Greater" => Expr.Less(b, a),
        "GreaterOrEqual" => Expr.LessOrEqual(b, a),
        "Max" => Expr.Max(a, b),
        _ => Expr.Min(a, b),
    };

    private GraphValue Binary(NodeProto node, GraphValue?[] x)
    {
        if (x.Length != 2) return Refuse<GraphValue>(node, "2 operands", $"{x.Length}", "The file is damaged.");
        bool isComparison = node.OpType is "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual";
        switch (x[0], x[1])
        {
            case (TextColumn column, ConstantValue { Tensor.IsText: true } texts) when node.OpType == "Equal":
                return OneHotOf(node, column.Input, texts.Tensor);
            case (ConstantValue { Tensor.IsText: true } texts, TextColumn column) when node.OpType == "Equal":
                return OneHotOf(node, column.Input, texts.Tensor);
            case (RowValue a, RowValue b):
                if (!ReferenceEquals(a.Field, b.Field) || !a.Shape.SequenceEqual(b.Shape))
                    return Refuse<GraphValue>(node, "numbers of one layer", "those of two", "Networks with branches or skip connections cannot be read.");
                if (node.OpType is "Equal" or "Pow") return Unknown(node);
                return a with { G = Combine(node.OpType, a.G, b.G), IsCondition = isComparison };
            case (RowValue row, ConstantValue constant):
                return WithConstant(node, row, constant.Tensor, isFirst: false) with { IsCondition = isComparison || node.OpType == "Equal" };
            case (ConstantValue constant, RowValue row):
                return WithConstant(node, row, constant.Tensor, isFirst: true) with { IsCondition = isComparison || node.OpType == "Equal" };
            default:
                return Unknown(node);
        }
    }

    private RowValue WithConstant(NodeProto node, RowValue row, OnnxTensor tensor, bool isFirst)
    {
        if (tensor.IsText) return Refuse<RowValue>(node, "numbers", "texts", "The file is damaged.");
        if (node.OpType == "Equal") return Codes(node, row, tensor);
        (RowValue wide, double[] constant) = Broadcast(node, row, tensor);
        bool isUniform = constant.All(c => c == constant[0]);
        // A single number may be part of an activation; a row of them belongs to the layer.
        bool isScalar = tensor.Count == 1 && (tensor.Dimensions.Count == 0 || wide.Count > 1);
        bool isAffine = node.OpType is "Add" or "Sub" or "Mul" || (node.OpType == "Div" && !isFirst);
        if (isAffine && (!isScalar || (wide.G == v && wide.Field is Selection { Base: 0 })))
        {
            if (wide.G != v) wide = Made(node, wide);
            return Shifted(node, wide, constant, isFirst);
        }
        if (!isUniform) return Refuse<RowValue>(node, "one number for all units", $"{constant.Length}", "An activation must be the same for each unit of a layer.");
        if (node.OpType == "Pow")
        {
            if (isFirst) return Refuse<RowValue>(node, "a fixed exponent", "a fixed base", "Use exp.");
            return wide with { G = constant[0] == 2 ? Expr.Square(wide.G) : constant[0] == 3 ? wide.G * wide.G * wide.G : Expr.Pow(wide.G, constant[0]) };
        }
        return wide with { G = isFirst ? Combine(node.OpType, constant[0], wide.G) : Combine(node.OpType, wide.G, constant[0]) };
    }

    /// <summary>row ± c, c − row, row·c, row/c, number by number.</summary>
    private RowValue Shifted(NodeProto node, RowValue row, double[] c, bool isFirst)
    {
        double[] factor = new double[c.Length], added = new double[c.Length];
        for (int j = 0; j < c.Length; j++)
            (factor[j], added[j]) = node.OpType switch
            {
                "Add" => (1, c[j]),
                "Sub" => isFirst ? (-1, c[j]) : (1, -c[j]),
                "Mul" => (c[j], 0),
                _ => (1 / c[j], 0.0),
            };
        return row with { Field = Times(row.Field, factor, added) };
    }

    private static RowField Times(RowField field, double[] factor, double[] added)
    {
        double[] offset = [.. field.Offset.Select((o, j) => o * factor[j] + added[j])];
        return field switch
        {
            Product product => product with { Factor = [.. product.Factor.Select((f, j) => f * factor[j])], Offset = offset },
            _ => (Selection)field with { Scale = [.. ((Selection)field).Scale.Select((s, j) => s * factor[j])], Offset = offset },
        };
    }

    private GraphValue Several(NodeProto node, GraphValue?[] x)
    {
        GraphValue result = One(node, x);
        for (int i = 1; i < x.Length; i++)
            result = Binary(node, [result, x[i]]);
        return result;
    }

    private GraphValue Where(NodeProto node, GraphValue?[] x)
    {
        if (x.Length != 3 || x[0] is not RowValue { IsCondition: true } condition) return Unknown(node);
        Expr[] branches = new Expr[2];
        for (int i = 0; i < 2; i++)
        {
            if (x[i + 1] is RowValue row && ReferenceEquals(row.Field, condition.Field)) branches[i] = row.G;
            else if (x[i + 1] is ConstantValue { Tensor: { IsText: false, Count: 1 } one }) branches[i] = one[0];
            else return Refuse<GraphValue>(node, "numbers of the unit itself, or a fixed one", "others", "Networks with branches cannot be read.");
        }
        return condition with { G = Expr.Select(condition.G, branches[0], branches[1]), IsCondition = false };
    }

    private GraphValue Clip(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        double? Bound(int place, string attribute) => x.Length > place && x[place] is not null ? Single(node, x, place)
            : node.Attribute.FirstOrDefault(a => a.Name == attribute)?.F;
        Expr g = row.G;
        if (Bound(2, "max") is double high && high < 1e30) g = Expr.Min(high, g);
        if (Bound(1, "min") is double low && low > -1e30) g = Expr.Max(low, g);
        return row with { G = g };
    }

    private GraphValue PRelu(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        double[] slope = Tensor(node, x, 1).Numbers();
        if (slope.Length == 0 || slope.Any(s => s != slope[0]))
            return Refuse<GraphValue>(node, "one slope for all units", $"{slope.Length} different ones", "Train it with a single slope.");
        return row with { G = Expr.Select(Expr.LessOrEqual(row.G, 0), slope[0] * row.G, row.G) };
    }

    // ---- layers -----------------------------------------------------------------------------------------------------

    private GraphValue Gemm(NodeProto node, GraphValue?[] x)
    {
        if (Integer(node, "transA", 0) != 0) return Refuse<GraphValue>(node, "rows of inputs", "columns (transA)", "Export it with the rows first.");
        OnnxTensor weights = Tensor(node, x, 1);
        if (weights.Dimensions.Count != 2) return Refuse<GraphValue>(node, "a weight matrix", $"[{string.Join(",", weights.Dimensions)}]", "The file is damaged.");
        RowValue product = Multiply(node, Row(node, x, 0), Integer(node, "transB", 0) != 0 ? weights.Transposed() : weights);
        double alpha = Number(node, "alpha", 1), beta = Number(node, "beta", 1);
        Product field = (Product)product.Field;
        if (alpha != 1) field = field with { Factor = [.. field.Factor.Select(f => f * alpha)] };
        if (x.Length < 3 || x[2] is null) return product with { Field = field };
        (_, double[] bias) = Broadcast(node, product, Tensor(node, x, 2));
        return product with { Field = field with { Offset = [.. bias.Select(b => beta * b)] } };
    }

    private GraphValue MatMul(NodeProto node, GraphValue?[] x)
    {
        OnnxTensor weights = Tensor(node, x, 1);
        bool isVector = weights.Dimensions.Count == 1;
        if (weights.Dimensions.Count is not (1 or 2)) return Refuse<GraphValue>(node, "a weight matrix", $"[{string.Join(",", weights.Dimensions)}]", "Export it with rows of one dimension.");
        RowValue product = Multiply(node, Row(node, x, 0), isVector ? weights.Reshaped([weights.Count, 1]) : weights);
        return isVector ? product with { Shape = [.. product.Shape.SkipLast(1)] } : product;
    }

    private RowValue Multiply(NodeProto node, RowValue row, OnnxTensor weights)
    {
        if (row.Shape.Count == 0 || row.Shape[^1] != row.Count || weights.Dimensions[0] != row.Count || weights.IsText)
            return Refuse<RowValue>(node, $"a weight matrix for rows of {row.Count}", $"[{string.Join(",", weights.Dimensions)}]", "The file is damaged.");
        row = Made(node, row);
        int units = (int)weights.Dimensions[1];
        if (units < 1) return Refuse<RowValue>(node, "at least one unit", "none", "The file is damaged.");
        Spend(node, weights.Count);
        double[] ones = new double[units];
        Array.Fill(ones, 1);
        return new([.. row.Shape.SkipLast(1), units], new Product((Selection)row.Field, weights, ones, new double[units]), v);
    }

    private GraphValue BatchNormalization(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        if (Integer(node, "training_mode", 0) != 0)
            return Refuse<GraphValue>(node, "fixed statistics", "those of each batch", "Export the network for inference.");
        double[][] of = [.. Enumerable.Range(1, 4).Select(i => Tensor(node, x, i).Numbers())];
        int channels = of[0].Length;
        if (row.Shape.Count == 0 || row.Shape[0] != channels || of.Any(o => o.Length != channels))
            return Refuse<GraphValue>(node, $"statistics for {(row.Shape.Count == 0 ? 1 : row.Shape[0])} features", $"{channels}", "The file is damaged.");
        double epsilon = Number(node, "epsilon", 1e-5);
        int each = row.Count / channels;
        double[] factor = new double[row.Count], added = new double[row.Count];
        for (int j = 0; j < row.Count; j++)
        {
            int c = j / each;
            factor[j] = of[0][c] / Math.Sqrt(of[3][c] + epsilon);
            added[j] = of[1][c] - of[2][c] * factor[j];
        }
        if (factor.Concat(added).Any(f => !double.IsFinite(f)))
            return Refuse<GraphValue>(node, "variances above 0", "others", "The file is damaged.");
        if (row.G != v) row = Made(node, row);
        return row with { Field = Times(row.Field, factor, added) };
    }

    private GraphValue Softmax(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        int rank = row.Shape.Count + 1;
        long axis = Integer(node, "axis", IsLoose ? 1 : -1);
        if (axis < 0) axis += rank;
        bool isWhole = row.Shape.Count == 0 ? axis == 0 : IsLoose ? axis == 1 : axis >= 1 && axis < rank && row.Shape[(int)axis - 1] == row.Count;
        if (!isWhole) return Refuse<GraphValue>(node, "a softmax over the classes of a row", $"axis {axis} of {rank}", "Put the classes into the last dimension.");
        if (made.TryGetValue((row.Field, row.G), out RowValue? known)) row = known;
        double scale = 1, offset = 0;
        if (row.G != v)
        {
            FoundActivation? found = finder.Find(v, row.G);
            if (found?.Activation == finder.Identity) (scale, offset) = (found.OuterScale, found.OuterOffset);
            else row = Made(node, row);
        }
        AddLayer(node, row.Field, Activations.Softmax, scale, offset, mustBeDense: true);
        return row with { Field = Selection.All(layers.Count, row.Count), G = v };
    }

    private GraphValue Dropout(NodeProto node, GraphValue?[] x)
    {
        if (x.Length > 2 && x[2] is ConstantValue { Tensor: { IsText: false, Count: 1 } training } && training[0] != 0)
            return Refuse<GraphValue>(node, "inference", "training", "Export the network for inference.");
        return One(node, x);
    }

    private GraphValue Scaler(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        double[] offset = Floats(node, "offset"), scale = Floats(node, "scale");
        if (offset.Length is not 0 and not 1 && offset.Length != row.Count || scale.Length is not 0 and not 1 && scale.Length != row.Count)
            return Refuse<GraphValue>(node, $"scales for {row.Count} columns", $"{scale.Length}", "The file is damaged.");
        double At(double[] values, int j, double otherwise) => values.Length == 0 ? otherwise : values[values.Length == 1 ? 0 : j];
        double[] factor = [.. Enumerable.Range(0, row.Count).Select(j => At(scale, j, 1))];
        double[] added = [.. Enumerable.Range(0, row.Count).Select(j => -At(offset, j, 0) * factor[j])];
        if (row.G != v) row = Made(node, row);
        return row with { Field = Times(row.Field, factor, added) };
    }

    /// <summary>scikit-learn's exporter divides shares that add up to 1 by their sum: nothing happens.</summary>
    private GraphValue Shares(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        return row.G == v && row.Field is Selection { Base: > 0 } field && field.IsPlain
            && layers[field.Base - 1].Layer is Dense { Activation.IsElementwise: false } ? row
            : Refuse<GraphValue>(node, "shares that add up to 1", "other numbers", "It depends on the whole row.");
    }

    // ---- categories and classes -------------------------------------------------------------------------------------

    private RowValue OneHotOf(NodeProto node, int column, OnnxTensor categories)
    {
        string[] texts = [.. Enumerable.Range(0, categories.Count).Select(categories.Text)];
        if (categories.Dimensions.Count > 1 && categories.Dimensions.SkipLast(1).Any(d => d != 1))
            return Refuse<RowValue>(node, "a row of categories", $"[{string.Join(",", categories.Dimensions)}]", "Encode one column at a time.");
        return new([texts.Length], OneHot(node, column, texts), v);
    }

    /// <summary>A column of numbers that stands for categories: compared with each of them.</summary>
    private RowValue Codes(NodeProto node, RowValue row, OnnxTensor codes)
    {
        bool isColumn = row.G == v && row.Count == 1 && row.Field is Selection { Base: 0 } field && field.IsPlain && features[field.Source[0]].Category < 0;
        return isColumn ? OneHotOf(node, features[((Selection)row.Field).Source[0]].Column, codes) : Refuse<RowValue>(node, "a raw column to compare with categories",
            "other numbers", "An activation cannot be equal to something.");
    }

    private GraphValue OneHotEncoder(NodeProto node, GraphValue?[] x)
    {
        if (Integer(node, "zeros", 1) == 0) return Refuse<GraphValue>(node, "zeros for unknown categories", "an error", "Export the encoder so that it ignores unknown ones.");
        string[] texts = Strings(node, "cats_strings");
        if (x.Length > 0 && x[0] is TextColumn column) return new RowValue([1, texts.Length], OneHot(node, column.Input, texts), v);
        double[] codes = [.. Attribute(node, "cats_int64s")?.Ints.Select(i => (double)i) ?? []];
        RowValue found = Codes(node, Row(node, x, 0), OnnxTensor.Of([codes.Length], codes, TensorProto.Types.DataType.Int64));
        return found with { Shape = [1, codes.Length] };
    }

    private GraphValue LabelEncoder(NodeProto node, GraphValue?[] x)
    {
        if (x.Length == 0 || x[0] is not (LargestValue or LabelValue { AreNumbers: true } or RowValue { IsCondition: true, Count: 1 })) return Unknown(node);
        double[] keys = [.. Attribute(node, "keys_int64s")?.Ints.Select(i => (double)i) ?? Attribute(node, "keys_floats")?.Floats.Select(f => (double)f) ?? []];
        string[] texts = Strings(node, "values_strings");
        (IReadOnlyList<string> before, RowValue of) = x[0] switch
        {
            LabelValue label => (label.Classes, label.Of),
            LargestValue largest => (Counted(largest.Of.Count), largest.Of),
            _ => (Counted(2), (RowValue)x[0]!),
        };
        if (keys.Length != texts.Length || keys.Length == 0) return Unknown(node);
        string[] classes = [.. before.Select(b => Array.FindIndex(keys, k => Numbers.Text(k) == b) is int at and >= 0 ? texts[at]
            : Refuse<string>(node, $"a name for class {b}", "none", "The file contradicts itself."))];
        return Named(node, classes, areNumbers: false, of);
    }

    private static string[] Counted(int count) => [.. Enumerable.Range(0, count).Select(k => $"{k}")];

    private GraphValue Named(NodeProto node, IReadOnlyList<string> classes, bool areNumbers, RowValue of)
    {
        int expected = of.IsCondition || of.Count == 1 ? 2 : of.Count;
        if (classes.Count != expected || classes.Distinct(StringComparer.Ordinal).Count() != classes.Count)
            return Refuse<GraphValue>(node, $"{expected} different names of classes", $"{classes.Count}", "The file contradicts itself.");
        return new LabelValue(classes, areNumbers, of);
    }

    private GraphValue ArgMax(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        long axis = Integer(node, "axis", 0);
        bool isWhole = row.Shape.Count == 1 && axis is 1 or -1;
        if (!isWhole || Integer(node, "select_last_index", 0) != 0)
            return Refuse<GraphValue>(node, "the first largest of a row", $"axis {axis}", "Put the classes into the last dimension.");
        return new LargestValue(row);
    }

    private GraphValue ZipMap(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        string[] texts = Strings(node, "classlabels_strings");
        bool areNumbers = texts.Length == 0;
        if (areNumbers) texts = [.. Attribute(node, "classlabels_int64s")?.Ints.Select(i => Numbers.Text(i)) ?? []];
        if (texts.Length != row.Count || texts.Distinct(StringComparer.Ordinal).Count() != texts.Length)
            return Refuse<GraphValue>(node, $"{row.Count} different names of classes", $"{texts.Length}", "The file contradicts itself.");
        return new MapValue(texts, areNumbers, row);
    }

    // ---- shapes -----------------------------------------------------------------------------------------------------

    private GraphValue Flatten(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        long axis = Integer(node, "axis", 1);
        if (axis < 0) axis += row.Shape.Count + 1;
        if (axis < 1 || axis > row.Shape.Count + 1) return Refuse<GraphValue>(node, "rows kept apart", $"axis {axis}", "Flatten from axis 1 on.");
        long before = row.Shape.Take((int)axis - 1).Aggregate(1L, (a, b) => a * b);
        if (before != 1) return Refuse<GraphValue>(node, "rows kept apart", $"axis {axis}", "Flatten from axis 1 on.");
        return row with { Shape = [row.Count] };
    }

    private GraphValue Reshape(NodeProto node, GraphValue?[] x)
    {
        long[] wanted = x.Length > 1 ? Integers(node, x, 1) : [.. Attribute(node, "shape")?.Ints ?? []];
        if (x[0] is LabelValue or LargestValue or TextColumn && wanted.Length is 1 or 2) return x[0]!;
        RowValue row = Row(node, x, 0);
        long known = 1;
        for (int i = 1; i < wanted.Length; i++)
        {
            if (wanted[i] == 0) wanted[i] = i <= row.Shape.Count ? row.Shape[i - 1] : 1;
            if (wanted[i] > 0) known *= Math.Min(wanted[i], MostNumbers + 1L);
            if (known > MostNumbers) break;
        }
        // -1 in the first place is the number of rows: an open one, or what Shape said.
        int open = wanted.Skip(1).Count(w => w == -1);
        bool fits = wanted.Length > 0 && known <= MostNumbers && (wanted[0] is -1 or 0 || wanted[0] == FixedRows)
            && (open == 0 ? row.Count == known : open == 1 && row.Count % known == 0);
        if (!fits)
            return Refuse<GraphValue>(node, "rows kept apart", $"[{string.Join(",", wanted)}] from [N{string.Concat(row.Shape.Select(d => $",{d}"))}]",
                "Reshape to [-1, columns].");
        return row with { Shape = [.. wanted.Skip(1).Select(w => w == -1 ? row.Count / known : w)] };
    }

    /// <summary>The number of rows, where the file states one.</summary>
    private long FixedRows => file.Graph.Input.FirstOrDefault(i => i.Name == inputs[0].Name)?.Type?.TensorType?.Shape?.Dim.FirstOrDefault()
        is { HasDimValue: true } first ? first.DimValue : -2;

    private GraphValue Squeeze(NodeProto node, GraphValue?[] x)
    {
        long[] axes = x.Length > 1 && x[1] is not null ? Integers(node, x, 1) : [.. Attribute(node, "axes")?.Ints ?? []];
        if (One(node, x) is LabelValue or LargestValue) return x[0]!;
        if (x[0] is TextColumn) return x[0]!;
        RowValue row = Row(node, x, 0);
        List<long> shape = [0, .. row.Shape];
        bool adds = node.OpType == "Unsqueeze";
        int rank = shape.Count + (adds ? axes.Length : 0);
        foreach (long axis in axes.Select(a => a < 0 ? a + rank : a).OrderBy(a => adds ? a : -a))
        {
            if (axis < 1 || axis > (adds ? shape.Count : shape.Count - 1) || (!adds && shape[(int)axis] != 1))
                return Refuse<GraphValue>(node, "rows kept apart and dimensions of 1", $"axis {axis}", "The file is damaged.");
            if (adds) shape.Insert((int)axis, 1);
            else shape.RemoveAt((int)axis);
        }
        if (!adds && axes.Length == 0) shape = [0, .. row.Shape.Where(d => d != 1)];
        return row with { Shape = [.. shape.Skip(1)] };
    }

    private GraphValue Transpose(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        int rank = row.Shape.Count + 1;
        long[] order = [.. Attribute(node, "perm")?.Ints ?? Enumerable.Range(0, rank).Reverse().Select(i => (long)i)];
        if (order.Length != rank || order[0] != 0 || order.Distinct().Count() != rank || order.Any(o => o < 0 || o >= rank))
            return Refuse<GraphValue>(node, "rows in the first dimension", $"[{string.Join(",", order)}]", "Keep the rows first.");
        long[] from = [.. row.Shape], to = [.. order.Skip(1).Select(o => from[o - 1])];
        int[] places = new int[row.Count];
        long[] strides = new long[rank];
        for (int i = rank - 1, stride = 1; i >= 1; stride *= (int)from[i - 1], i--) strides[i] = stride;
        for (int j = 0; j < row.Count; j++)
        {
            long rest = j, place = 0;
            for (int i = rank - 1; i >= 1; i--)
            {
                place += rest % to[i - 1] * strides[order[i]];
                rest /= to[i - 1];
            }
            places[j] = (int)place;
        }
        return Picked(node, row, places, to);
    }

    /// <summary>Some of a row's numbers, in another order or repeated.</summary>
    private RowValue Picked(NodeProto node, RowValue row, int[] places, IReadOnlyList<long> shape)
    {
        if (row.Field is not Selection) row = Made(node, row);
        return row with { Field = ((Selection)row.Field).Pick(places), Shape = shape };
    }

    private GraphValue Concat(NodeProto node, GraphValue?[] x)
    {
        if (x.Length == 0) return Unknown(node);
        RowValue[] parts = [.. x.Select((_, i) => Row(node, x, i))];
        int rank = parts[0].Shape.Count + 1;
        long axis = Integer(node, "axis", node.OpType == "Concat" && IsLoose ? 1 : node.OpType == "Concat" ? 0 : 1);
        if (axis < 0) axis += rank;
        // Side by side: everything before the axis is 1, so that the numbers follow each other.
        bool isFlat = rank >= 2 && axis >= 1 && parts.All(p => p.Shape.Count == rank - 1
            && p.Shape.Take((int)axis - 1).All(d => d == 1) && p.Shape.Skip((int)axis).SequenceEqual(parts[0].Shape.Skip((int)axis)));
        if (!isFlat) return Refuse<GraphValue>(node, "columns beside each other", $"axis {axis}", "Concatenate the columns of a row.");
        if (parts.Any(p => p.G != v || p.Field is not Selection)) parts = Together(node, parts);
        if (parts.Any(p => p.Field.Base != parts[0].Field.Base))
            return Refuse<GraphValue>(node, "numbers of one layer", "those of several", "Networks with branches or skip connections cannot be read.");
        Selection[] fields = [.. parts.Select(p => (Selection)p.Field)];
        return new RowValue(
            [.. parts[0].Shape.Take((int)axis - 1), parts.Sum(p => p.Shape[(int)axis - 1]), .. parts[0].Shape.Skip((int)axis)],
            new Selection(fields[0].Base, [.. fields.SelectMany(f => f.Source)], [.. fields.SelectMany(f => f.Scale)], [.. fields.SelectMany(f => f.Offset)]), v);
    }

    /// <summary>Values that all come from the shortest of them by a factor and an offset, as 1 − p from p.</summary>
    private RowValue[] Together(NodeProto node, RowValue[] parts)
    {
        RowValue core = parts.MinBy(p => p.G.Nodes().Count)!;
        RowValue first = Made(node, core);
        Selection field = (Selection)first.Field;
        return [.. parts.Select(part =>
        {
            if (made.TryGetValue((part.Field, part.G), out RowValue? known)) return known with { Shape = part.Shape };
            if (!ReferenceEquals(part.Field, core.Field)) return Made(node, part);
            Expr p = Expr.Variable("p", 1, v.Columns), g = part.G.Replace(core.G, p);
            return !g.Nodes().Contains(v) && finder.Find(p, g) is FoundActivation found && found.Activation == finder.Identity
                ? part with { G = v, Field = Affine(field, found.OuterScale, found.OuterOffset) } : Made(node, part);
        })];
    }

    private GraphValue Slice(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        long[] From(int place, string attribute) => x.Length > place && x[place] is not null ? Integers(node, x, place)
            : [.. Attribute(node, attribute)?.Ints ?? []];
        long[] starts = From(1, "starts"), ends = From(2, "ends"), axes = From(3, "axes"), steps = From(4, "steps");
        if (axes.Length == 0) axes = [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        if (starts.Length != ends.Length || axes.Length != starts.Length || (steps.Length > 0 && steps.Length != starts.Length)) return Unknown(node);
        for (int i = 0; i < starts.Length; i++)
        {
            long axis = axes[i] < 0 ? axes[i] + row.Shape.Count + 1 : axes[i];
            if (axis < 1 || axis > row.Shape.Count) return Refuse<GraphValue>(node, "all rows", $"a slice of axis {axis}", "Slice columns only.");
            long size = row.Shape[(int)axis - 1], step = steps.Length > 0 ? steps[i] : 1;
            long start = Math.Clamp(starts[i] < 0 ? starts[i] + size : starts[i], 0, size);
            long end = Math.Clamp(ends[i] < 0 ? ends[i] + size : ends[i], 0, size);
            if (step < 1 || start >= end) return Refuse<GraphValue>(node, "a slice of at least one column, forwards", "another", "Slice columns only.");
            List<int> kept = [];
            for (long k = start; k < end; k += step) kept.Add((int)k);
            row = Along(node, row, (int)axis, kept);
        }
        return row;
    }

    private IReadOnlyList<GraphValue> Split(NodeProto node, GraphValue?[] x)
    {
        RowValue row = Row(node, x, 0);
        long axis = Integer(node, "axis", 0);
        if (axis < 0) axis += row.Shape.Count + 1;
        if (axis < 1 || axis > row.Shape.Count) return [Refuse<GraphValue>(node, "all rows", $"a split of axis {axis}", "Split columns only.")];
        long size = row.Shape[(int)axis - 1];
        int count = node.Output.Count;
        long[] sizes = x.Length > 1 && x[1] is not null ? Integers(node, x, 1) : [.. Attribute(node, "split")?.Ints ?? []];
        long part = (size + count - 1) / count;
        if (sizes.Length == 0) sizes = [.. Enumerable.Range(0, count).Select(i => Math.Min(part, size - i * part))];
        if (sizes.Length != count || sizes.Any(s => s < 1 || s > size) || sizes.Sum() != size) return [Unknown(node)];
        int at = 0;
        List<GraphValue> parts = [];
        foreach (long s in sizes)
        {
            parts.Add(Along(node, row, (int)axis, [.. Enumerable.Range(at, (int)s)]));
            at += (int)s;
        }
        return parts;
    }

    private GraphValue Gather(NodeProto node, GraphValue?[] x)
    {
        if (x.Length != 2) return Unknown(node);
        if (x[0] is ConstantValue { Tensor: OnnxTensor names } && x[1] is LargestValue or RowValue { IsCondition: true, Count: 1 })
        {
            if (names.Dimensions.Count(d => d != 1) > 1) return Unknown(node);
            RowValue of = x[1] is LargestValue largest ? largest.Of : (RowValue)x[1]!;
            return Named(node, [.. Enumerable.Range(0, names.Count).Select(names.Text)], !names.IsText, of);
        }
        RowValue row = Row(node, x, 0);
        long axis = node.OpType == "Gather" ? Integer(node, "axis", 0) : row.Shape.Count;
        if (axis < 0) axis += row.Shape.Count + 1;
        if (axis < 1 || axis > row.Shape.Count) return Refuse<GraphValue>(node, "all rows", $"a choice from axis {axis}", "Choose columns only.");
        OnnxTensor indices = Tensor(node, x, 1);
        long size = row.Shape[(int)axis - 1];
        long[] places = [.. Integers(node, x, 1).Select(i => i < 0 ? i + size : i)];
        if (places.Length == 0 || places.Any(p => p < 0 || p >= size)) return Refuse<GraphValue>(node, $"columns 0 … {size - 1}", "others", "The file is damaged.");
        RowValue result = Along(node, row, (int)axis, [.. places.Select(p => (int)p)]);
        return indices.Dimensions.Count == 0 && node.OpType == "Gather"
            ? result with { Shape = [.. result.Shape.Where((_, i) => i != axis - 1)] } : result;
    }

    /// <summary>Only these places of one axis.</summary>
    private RowValue Along(NodeProto node, RowValue row, int axis, List<int> kept)
    {
        long size = row.Shape[axis - 1];
        long inner = row.Shape.Skip(axis).Aggregate(1L, (a, b) => a * b), outer = row.Count / (size * inner);
        if (outer * kept.Count * inner > MostNumbers) return Refuse<RowValue>(node, $"at most {MostNumbers:N0} numbers per row", "more", "It is too wide.");
        List<int> places = [];
        for (long o = 0; o < outer; o++)
            foreach (int k in kept)
                for (long i = 0; i < inner; i++) places.Add((int)((o * size + k) * inner + i));
        long[] shape = [.. row.Shape];
        shape[axis - 1] = kept.Count;
        return Picked(node, row, [.. places], shape);
    }

    private GraphValue Cast(NodeProto node, GraphValue?[] x)
    {
        if (One(node, x) is not RowValue row) return x[0]!;
        TensorProto.Types.DataType to = node.OpType == "CastLike" ? Tensor(node, x, 1).Type
            : (TensorProto.Types.DataType)Integer(node, "to", 0);
        if (to is TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Float16)
            return row with { IsCondition = false };
        bool isRaw = row.G == v && row.Field is Selection { Base: 0, IsPlain: true };
        if (to == TensorProto.Types.DataType.Bool) return row with { IsCondition = true };
        // Truth values are whole numbers; so are the codes of a column of categories.
        bool isWhole = to is TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Int32;
        return isWhole && (row.IsCondition || isRaw) ? row : Refuse<GraphValue>(node, "a cast that keeps the numbers", $"{to}", "Rounding cannot be read.");
    }

    // ---- constants --------------------------------------------------------------------------------------------------

    private ConstantValue Constant(NodeProto node)
    {
        AttributeProto attribute = node.Attribute.FirstOrDefault()
            ?? Refuse<AttributeProto>(node, "a value", "none", "The file is damaged.");
        return new(attribute.Name switch
        {
            "value" when attribute.T is not null => OnnxTensor.Read(attribute.T, $"{name}, {Describe(node)}", folder),
            "value_float" => OnnxTensor.Of([], [attribute.F], TensorProto.Types.DataType.Float),
            "value_int" => OnnxTensor.Of([], [attribute.I], TensorProto.Types.DataType.Int64),
            "value_floats" => OnnxTensor.Of([attribute.Floats.Count], [.. attribute.Floats.Select(f => (double)f)], TensorProto.Types.DataType.Float),
            "value_ints" => OnnxTensor.Of([attribute.Ints.Count], [.. attribute.Ints.Select(i => (double)i)], TensorProto.Types.DataType.Int64),
            "value_strings" => OnnxTensor.OfTexts([.. attribute.Strings.Select(s => s.ToString(Encoding.UTF8))]),
            _ => Refuse<OnnxTensor>(node, "a tensor or numbers", attribute.Name, "Export it with dense tensors."),
        });
    }

    /// <summary>What depends on constants alone, as far as exporters compute with them; null where it is none of that.</summary>
    private ConstantValue? Fold(NodeProto node, GraphValue?[] x)
    {
        OnnxTensor[] t = [.. x.OfType<ConstantValue>().Select(c => c.Tensor)];
        if (t.Length != x.Length || t.Length == 0) return null;
        OnnxTensor a = t[0];
        long[] Whole(int i) => [.. t[i].Numbers().Select(n => (long)n)];
        long axis = Integer(node, "axis", 0);
        switch (node.OpType)
        {
            case "Identity":
                return new(a);
            case "Cast" when !a.IsText && Integer(node, "to", 0) != (long)TensorProto.Types.DataType.String:
                return new(a.As((TensorProto.Types.DataType)Integer(node, "to", 0)));
            case "Transpose" when a.Dimensions.Count == 2 && !a.IsText && (Attribute(node, "perm")?.Ints.SequenceEqual([1, 0]) ?? true):
                return new(a.Transposed());
            case "Reshape" when t.Length == 2 || Attribute(node, "shape") is not null:
                long[] shape = t.Length == 2 ? Whole(1) : [.. Attribute(node, "shape")!.Ints];
                if (shape.Length > 8 || shape.Any(s => s < -1 || s > int.MaxValue)) return null;
                for (int i = 0; i < shape.Length; i++)
                    if (shape[i] == 0 && i < a.Dimensions.Count) shape[i] = a.Dimensions[i];
                long known = shape.Where(s => s > 0).Aggregate(1L, (p, q) => p > int.MaxValue ? p : p * q);
                int open = Array.IndexOf(shape, -1);
                if (open >= 0 && known > 0) shape[open] = a.Count / known;
                return shape.Aggregate(1L, (p, q) => p > int.MaxValue ? p : p * q) == a.Count && !shape.Contains(-1) ? new(a.Reshaped(shape)) : null;
            case "Squeeze" or "Unsqueeze" or "Flatten" when !a.IsText && a.Dimensions.All(d => d == 1 || d == a.Count):
                return new(a.Reshaped(node.OpType == "Squeeze" && a.Count == 1 ? [] : [a.Count]));
            case "Shape":
                return new(OnnxTensor.Of([a.Dimensions.Count], [.. a.Dimensions.Select(d => (double)d)], TensorProto.Types.DataType.Int64));
            case "Concat" when t.All(u => u.Dimensions.Count == 1 && !u.IsText) && axis == 0:
                return new(OnnxTensor.Of([t.Sum(u => u.Count)], [.. t.SelectMany(u => u.Numbers())], a.Type));
            case "Gather" when a.Dimensions.Count == 1 && !a.IsText && t.Length == 2 && Whole(1).All(i => i >= -a.Count && i < a.Count):
                return new(OnnxTensor.Of(t[1].Dimensions, [.. Whole(1).Select(i => a[(int)(i < 0 ? i + a.Count : i)])], a.Type));
            case "Slice" when a.Dimensions.Count == 1 && !a.IsText && t.Length >= 3 && t.Skip(1).All(u => u.Count == 1):
                int start = (int)Math.Clamp(Whole(1)[0] < 0 ? Whole(1)[0] + a.Count : Whole(1)[0], 0, a.Count);
                int end = (int)Math.Clamp(Whole(2)[0] < 0 ? Whole(2)[0] + a.Count : Whole(2)[0], start, a.Count);
                return t.Length > 4 && t[4][0] != 1 ? null : new(OnnxTensor.Of([end - start], a.Numbers()[start..end], a.Type));
            case "Neg" or "Sqrt" or "Exp" when !a.IsText:
                Spend(node, a.Count);
                return new(OnnxTensor.Of(a.Dimensions, [.. a.Numbers().Select(n => node.OpType == "Neg" ? -n : node.OpType == "Sqrt" ? Math.Sqrt(n) : Math.Exp(n))], a.Type));
            case "Add" or "Sub" or "Mul" or "Div" when t.Length == 2 && !a.IsText && !t[1].IsText
                && (t[1].Count == 1 || a.Count == 1 || a.Dimensions.SequenceEqual(t[1].Dimensions)):
                OnnxTensor larger = a.Count >= t[1].Count ? a : t[1];
                Spend(node, larger.Count);
                return new(OnnxTensor.Of(larger.Dimensions, [.. Enumerable.Range(0, larger.Count).Select(i =>
                {
                    (double p, double q) = (a[a.Count == 1 ? 0 : i], t[1][t[1].Count == 1 ? 0 : i]);
                    return node.OpType switch { "Add" => p + q, "Sub" => p - q, "Mul" => p * q, _ => p / q };
                })], a.Type));
            default:
                return null;
        }
    }

    /// <summary>A constant over a row, number by number; the row itself repeated where the constant is wider.</summary>
    private (RowValue Row, double[] Constant) Broadcast(NodeProto node, RowValue row, OnnxTensor tensor)
    {
        long[] dimensions = [.. tensor.Dimensions];
        while (dimensions.Length > row.Shape.Count && dimensions.Length > 0 && dimensions[0] == 1) dimensions = dimensions[1..];
        int rank = Math.Max(row.Shape.Count, dimensions.Length);
        long[] of = [.. Enumerable.Repeat(1L, rank - dimensions.Length), .. dimensions];
        long[] mine = [.. Enumerable.Repeat(1L, rank - row.Shape.Count), .. row.Shape];
        bool fits = rank == row.Shape.Count && of.Zip(mine, (c, r) => c == r || c == 1 || r == 1).All(ok => ok);
        long[] both = [.. of.Zip(mine, Math.Max)];
        long count = both.Aggregate(1L, (a, b) => a > MostNumbers ? a : a * b);
        if (!fits || count > MostNumbers || tensor.Count == 0 || tensor.IsText)
            return Refuse<(RowValue, double[])>(node, $"numbers for rows of [{string.Join(",", row.Shape)}]", $"[{string.Join(",", tensor.Dimensions)}]",
                "Every row must be treated alike.");
        Spend(node, count);
        double[] constant = new double[count];
        int[] places = new int[count];
        for (int j = 0; j < count; j++)
        {
            long rest = j, c = 0, r = 0, cStride = 1, rStride = 1;
            for (int i = rank - 1; i >= 0; i--)
            {
                long at = rest % both[i];
                rest /= both[i];
                c += of[i] == 1 ? 0 : at * cStride;
                r += mine[i] == 1 ? 0 : at * rStride;
                cStride *= of[i];
                rStride *= mine[i];
            }
            constant[j] = tensor[(int)c];
            places[j] = (int)r;
        }
        return (count == row.Count ? row : Picked(node, row, places, both), constant);
    }

    // ---- operands and attributes ------------------------------------------------------------------------------------

    private GraphValue Unknown(NodeProto node) => Refuse<GraphValue>(node, "a form that a multi-layer perceptron has", $"another of {node.OpType}",
        "See docs/EXPORT.md for what can be read.");

    private GraphValue One(NodeProto node, GraphValue?[] x) => x.Length > 0 && x[0] is GraphValue value ? value
        : Refuse<GraphValue>(node, "an operand", "none", "The file is damaged.");

    private RowValue Row(NodeProto node, GraphValue?[] x, int place) => x.Length > place && x[place] is RowValue row ? row
        : Refuse<RowValue>(node, $"numbers of each row as operand {place + 1}", x.Length > place ? x[place] switch
        {
            ConstantValue => "a constant",
            TextColumn => "texts",
            null => "nothing",
            _ => "classes",
        } : "nothing", "See docs/EXPORT.md for what can be read.");

    private OnnxTensor Tensor(NodeProto node, GraphValue?[] x, int place) =>
        x.Length > place && x[place] is ConstantValue { Tensor: { IsText: false } tensor } ? tensor
        : Refuse<OnnxTensor>(node, $"fixed numbers as operand {place + 1}", "others", "Weights must be stored in the file.");

    private double Single(NodeProto node, GraphValue?[] x, int place) => Tensor(node, x, place) is { Count: 1 } one ? one[0]
        : Refuse<double>(node, $"one number as operand {place + 1}", "several", "The file is damaged.");

    private long[] Integers(NodeProto node, GraphValue?[] x, int place)
    {
        OnnxTensor tensor = Tensor(node, x, place);
        if (tensor.Count > MostNumbers) Refuse<long[]>(node, $"at most {MostNumbers:N0} whole numbers", $"{tensor.Count:N0}", "The file is damaged.");
        return [.. tensor.Numbers().Select(n => n is >= -9e18 and <= 9e18 ? (long)n : 0)];
    }

    private static AttributeProto? Attribute(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);

    private static long Integer(NodeProto node, string name, long otherwise) => Attribute(node, name)?.I ?? otherwise;

    private static double Number(NodeProto node, string name, double otherwise) => Attribute(node, name)?.F ?? otherwise;

    private static string? Text(NodeProto node, string name) => Attribute(node, name)?.S.ToString(Encoding.UTF8);

    private static string[] Strings(NodeProto node, string name) => [.. Attribute(node, name)?.Strings.Select(s => s.ToString(Encoding.UTF8)) ?? []];

    private static double[] Floats(NodeProto node, string name) => [.. Attribute(node, name)?.Floats.Select(f => (double)f) ?? []];
}
