using Xunit;

namespace Downhill.Tests.Data;

/// <summary>How raw rows become the network's inputs.</summary>
public sealed class PreparationTests
{
    private static Dataset Table(int columns, float[] numbers, float[]? values = null)
    {
        int rows = numbers.Length / columns;
        return new("t", [.. Enumerable.Range(0, columns).Select(i => new Column($"x{i + 1}"))], new Target(["y"], []),
            numbers, [], [],
            values ?? new float[rows]);
    }

    private static double[] Encoded(Preparation preparation, params float[] row)
    {
        double[] inputs = new double[preparation.Width];
        preparation.Encode<double>(row, [], inputs);
        return inputs;
    }

    private static int[] All(Dataset data) => [.. Enumerable.Range(0, data.Rows)];

    // Median 3, quartiles 2 and 4: z = (x − 3)/2, then z/√(1 + (z/3)²).
    [Fact]
    public void Robust_scaling_is_median_quartiles_and_a_soft_clip()
    {
        Dataset data = Table(1, [1, 2, 3, 4, 1000]);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Robust);
        Assert.Equal([0.0], Encoded(preparation, 3));
        Assert.Equal(0.5 / Math.Sqrt(1 + 0.25 / 9), Encoded(preparation, 4)[0], 1e-15);
        Assert.InRange(Encoded(preparation, 1000)[0], 2.99, 3);
        Assert.InRange(Encoded(preparation, 1e30f)[0], 2.99, 3);
    }

    [Fact]
    public void Robust_scaling_falls_back_to_the_range_and_to_one()
    {
        Dataset data = Table(2, [5, 7, 5, 7, 5, 7, 5, 7, 5, 7, 9, 7]);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Robust);
        Assert.Equal(2.0 / 4, preparation.Scale[0]);
        Assert.Equal((1.0, 7.0), (preparation.Scale[1], preparation.Shift[1]));
    }

    [Fact]
    public void Quantile_scaling_makes_ranks_normal()
    {
        float[] numbers = [.. Enumerable.Range(0, 1001).Select(i => MathF.Exp(i / 100f))];
        Dataset data = Table(1, numbers);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Quantile);
        Assert.Equal(0, Encoded(preparation, numbers[500])[0], 1e-6);
        Assert.Equal(-1.2815515655446004, Encoded(preparation, numbers[100])[0], 1e-6);
        Assert.Equal(Encoded(preparation, numbers[1000]), Encoded(preparation, 1e30f));
        double[] places = [.. numbers.Select(n => Encoded(preparation, n)[0])];
        Assert.Equal(places.Order(), places);
    }

    [Fact]
    public void A_missing_number_is_the_median_and_says_so()
    {
        Dataset data = Table(2, [1, 1, 2, 2, 9, 3, float.NaN, 4]);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Standard);
        Assert.Equal(3, preparation.Width);
        Assert.Equal(Encoded(preparation, 2, 0)[0], Encoded(preparation, float.NaN, 0)[0]);
        Assert.Equal((0.0, 1.0), (Encoded(preparation, 2, 0)[1], Encoded(preparation, float.NaN, 0)[1]));
        Assert.Equal(4, preparation.Shift[0]); // the mean of those that are there
        // Where none was missing nothing stands for it, and whoever predicts says so.
        Assert.Equal(double.NaN, Encoded(preparation, 2, float.NaN)[2]);
        Model model = Model.Fit(data, new() { Epochs = 1, TestShare = 0 }).Model;
        Assert.True(float.IsFinite(model.Predict([float.NaN, 1]).Values[0]));
        Assert.Contains("'x2'", Assert.Throws<DownhillException>(() => model.Predict([1, float.NaN])).Message);
    }

    [Fact]
    public void Only_training_rows_are_looked_at()
    {
        Dataset data = Table(1, [1, 2, 3, 1000, float.NaN]);
        foreach (Scaling scaling in Enum.GetValues<Scaling>())
        {
            Preparation some = Preparation.Fit(data, [0, 1, 2], scaling, levels: 8),
                alone = Preparation.Fit(data.Subset([0, 1, 2]), [0, 1, 2], scaling, levels: 8);
            foreach (float x in (float[])[1, 2.5f, 1000, float.NaN]) Assert.Equal(Encoded(alone, x), Encoded(some, x));
            Assert.Equal(alone.Width, some.Width);
        }
    }

    [Fact]
    public void Columns_of_few_values_are_categories_and_constant_ones_are_left_out()
    {
        Dataset data = Table(
            3, [.. Enumerable.Repeat((float[])[1, 7, 0, 2, 7, 1, 5, 7, 0, 1, 7, 1], 50).SelectMany(rows => rows)]);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Standard, levels: 4);
        Assert.Equal(4, preparation.Width); // 1, 2, 5; nothing; a number of two values stays a number
        Assert.Equal([0, 1, 0, 1], Encoded(preparation, 2, 7, 1));
        Assert.Equal([0, 0, 0], Encoded(preparation, 3, 7, 1)[..3]);
        Assert.Equal(3, Preparation.Fit(data, All(data), Scaling.Standard).Width);
    }

    [Fact]
    public void Logarithmic_targets_come_back_in_their_units()
    {
        Dataset data = Table(1, [1, 2, 3], [0, 10, 1000]);
        Preparation preparation = Preparation.Fit(data, All(data), Scaling.Standard, logTargets: true);
        double[] coded = new double[1];
        foreach (float v in (float[])[0, 10, 1000])
        {
            preparation.EncodeTarget<double>(0, [v], coded);
            Assert.Equal(v, preparation.ValueOf(coded[0], 0), 1e-9 * (1 + v));
        }
        Assert.Throws<DownhillException>(
            () => Preparation.Fit(Table(1, [1, 2], [0, -1]), [0, 1], Scaling.Standard, logTargets: true));
    }

    [Fact]
    public void Numbers_without_end_are_refused_with_their_place()
    {
        Dataset data = Table(2, [1, 2, 3, float.PositiveInfinity]);
        Assert.Contains("row 2, column 'x2'",
            Assert.Throws<DownhillException>(() => Preparation.Fit(data, [0, 1], Scaling.Standard)).Message);
        Assert.Contains("row 1, column 'y'",
            Assert.Throws<DownhillException>(
                () => Preparation.Fit(Table(1, [1, 2], [float.NaN, 1]), [0, 1], Scaling.Standard)).Message);
    }

    [Fact]
    public void A_model_file_keeps_all_of_it()
    {
        Random random = new(5);
        float[] numbers = [
            .. Enumerable.Range(0, 400).Select(i => i % 4 == 0 ? random.Next(5) : i % 4 == 1 && i % 3 == 0 ? float.NaN
            : i % 4 == 2 ? 3 : random.NextSingle())];
        Dataset data = Table(4, numbers, [.. Enumerable.Range(0, 100).Select(_ => random.NextSingle() * 100)]);
        foreach (Scaling scaling in (Scaling[])[Scaling.Robust, Scaling.Quantile, Scaling.Standard])
        {
            Model model = Model.Fit(data,
                new() { Scaling = scaling, LogTargets = true, Epochs = 2, Hidden = [4], Recipe = Recipe.Table }).Model;
            Model again = ModelFile.FromBytes(model.ToBytes());
            float[] one = new float[1], other = new float[1];
            for (int row = 0; row < data.Rows; row++)
            {
                model.Predict(numbers.AsSpan(4 * row, 4), one);
                again.Predict(numbers.AsSpan(4 * row, 4), other);
                Assert.Equal(one, other);
                Assert.True(float.IsFinite(one[0]));
            }
        }
    }

    // Columns of every kind in any order, in blocks of any length: each input is what its definition says of the raw
    // value by itself, to the bit.
    [Theory]
    [InlineData(Scaling.None, 0)]
    [InlineData(Scaling.Standard, 0)]
    [InlineData(Scaling.Standard, 4)]
    [InlineData(Scaling.Common, 4)]
    [InlineData(Scaling.Robust, 4)]
    [InlineData(Scaling.Quantile, 4)]
    public void Blocks_of_rows_are_encoded_value_by_value(Scaling scaling, int levels)
    {
        Random random = new(7);
        const string Kinds = "nnnnnnnnnncnmlnnkckncllmmnkn"; // number, category, missing, levels, constant
        Column[] columns = [.. Kinds.Select((kind, i) => kind == 'c'
            ? new Column($"x{i}", ColumnKind.Category, [.. Enumerable.Range(0, 3 + i).Select(k => $"v{k}")])
            : new Column($"x{i}"))];
        string numbers = Kinds.Replace("c", "", StringComparison.Ordinal);
        const int Rows = 200;
        float[] numeric = [.. Enumerable.Range(0, Rows * numbers.Length).Select(i => numbers[i % numbers.Length] switch
        {
            'm' when random.Next(4) == 0 => float.NaN,
            'l' => random.Next(4),
            'k' => 3,
            _ => (float)(random.NextDouble() * 100 - 50),
        })];
        int[] codes = [.. Enumerable.Range(0, Rows * 3).Select(_ => random.Next(-1, 3))];
        Dataset data = new("t", columns, new Target(["y"], []), numeric, codes, [], new float[Rows]);
        Preparation preparation = Preparation.Fit(data, All(data), scaling, levels: levels);
        Assert.Equal(preparation.Width, preparation.InputNames().Count());
        foreach (int rows in (int[])[1, 31, 32, 33, 64, 200])
        {
            float[] single = [.. Enumerable.Repeat(float.NaN, rows * preparation.Width)];
            double[] exact = [.. Enumerable.Repeat(double.NaN, rows * preparation.Width)];
            ReadOnlySpan<float> raw = numeric.AsSpan(0, rows * numbers.Length);
            ReadOnlySpan<int> rawCodes = codes.AsSpan(0, rows * 3);
            preparation.Encode(raw, rawCodes, single, rows);
            preparation.Encode(raw, rawCodes, exact, rows);
            double[] right = [.. Enumerable.Range(0, rows).SelectMany(row => Defined(preparation,
                numeric[(row * numbers.Length)..], codes[(row * 3)..]))];
            Assert.Equal(right.Select(BitConverter.DoubleToInt64Bits), exact.Select(BitConverter.DoubleToInt64Bits));
            Assert.Equal(right.Select(x => BitConverter.SingleToInt32Bits((float)x)),
                single.Select(BitConverter.SingleToInt32Bits));
            double[] last = new double[preparation.Width];
            preparation.Encode<double>(numeric.AsSpan((rows - 1) * numbers.Length, numbers.Length),
                codes.AsSpan((rows - 1) * 3, 3), last);
            Assert.Equal(right[^preparation.Width..], last);
        }
    }

    private static IEnumerable<double> Defined(Preparation preparation, float[] row, int[] codes)
    {
        int n = 0, c = 0;
        foreach (Column column in preparation.Inputs)
        {
            if (column.Kind == ColumnKind.Category)
            {
                int code = codes[c++];
                for (int k = 0; k < column.Categories.Count; k++) yield return k == code ? 1 : 0;
                continue;
            }
            NumericEncoding how = preparation.Encodings[n];
            (float raw, double shift, double scale) = (row[n], preparation.Shift[n], preparation.Scale[n]);
            n++;
            if (how.IsConstant) continue;
            if (how.Levels.Count == 0)
            {
                double x = float.IsNaN(raw) ? how.Fill : raw;
                if (how.Landmarks.Count > 0)
                {
                    int above = how.Landmarks.TakeWhile(mark => mark <= x).Count();
                    x = above == 0 ? how.Places[0] : above == how.Landmarks.Count ? how.Places[^1]
                        : how.Places[above - 1] + (how.Places[above] - how.Places[above - 1])
                            * ((x - how.Landmarks[above - 1]) / (how.Landmarks[above] - how.Landmarks[above - 1]));
                }
                double z = (x - shift) * scale;
                yield return how.Clip == 0 ? z : z / Math.Sqrt(1 + z / how.Clip * (z / how.Clip));
            }
            if (how.HasIndicator) yield return float.IsNaN(raw) ? 1 : 0;
            foreach (float level in how.Levels) yield return level == raw ? 1 : 0;
        }
    }

    // More rows than are read at once, in any order, with weights and missing numbers: Welford's method written out.
    [Fact]
    public void Standard_scaling_is_Welfords_to_the_bit()
    {
        Random random = new(3);
        const int Columns = 13, Rows = 5000;
        float[] numbers = [.. Enumerable.Range(0, Columns * Rows).Select(
            i => i % Columns == 4 && i % 7 == 0 ? float.NaN : (float)(1000 + random.NextDouble() * (i % Columns)))];
        float[] weights = [.. Enumerable.Range(0, Rows).Select(i => i % 5 == 0 ? 0 : i % 3 == 0 ? 0.5f : 2)];
        Dataset data = new("t", [.. Enumerable.Range(0, Columns).Select(i => new Column($"x{i}"))],
            new Target(["y"], []), numbers, [], [], new float[Rows], weights);
        int[] rows = [.. Enumerable.Range(0, Rows).Where(i => i % 11 != 0)];
        random.Shuffle(rows);
        Preparation preparation = Preparation.Fit(data, rows, Scaling.Standard);
        for (int column = 0; column < Columns; column++)
        {
            double mean = 0, squares = 0, sum = 0;
            foreach (int row in rows)
            {
                double x = numbers[row * Columns + column], w = weights[row];
                if (w == 0 || double.IsNaN(x)) continue;
                sum += w;
                double delta = x - mean;
                mean += w * delta / sum;
                squares += w * delta * (x - mean);
            }
            Assert.Equal(mean, preparation.Shift[column]);
            Assert.Equal(column == 0 ? 1 : 1 / Math.Sqrt(squares / sum), preparation.Scale[column]);
        }
        float largest = numbers.Where((x, i) => weights[i / Columns] > 0 && rows.Contains(i / Columns)
            && !float.IsNaN(x)).Max();
        Assert.Equal(1 / (double)largest, Preparation.Fit(data, rows, Scaling.Common).Scale[0]);
    }
}
