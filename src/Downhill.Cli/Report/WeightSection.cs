using System.Text;

namespace Downhill.Cli.Report;

/// <summary>The first layer's weights: pictures where inputs are pixels, else a map of inputs and units.</summary>
internal static class WeightSection
{
    private const int MostPictures = 64, MostInputs = 40, MostUnits = 128, MostInTable = 1200;

    /// <summary>Not for layers whose inputs are categories by the hundred.</summary>
    public static bool Fits(ReportFacts facts) => facts.Plan.Network.Layers[0] is not Dense { IsEmbedding: true };

    public static void Write(Markup page, ReportFacts facts)
    {
        if (!Fits(facts)) return;
        NetworkSpec network = facts.Plan.Network;
        int first = network.Layers[0] is FeatureScale ? 1 : 0;
        if (network.Layers[first] is not Dense dense) return;
        Segment segment = network.Segments.First(s => s.Layer == first && s.Shape.Role == SegmentRole.Weight);
        float[] weights = facts.Model.Parameters.Slice(segment.Offset, segment.Length).ToArray();
        float[] biases = network.Segments.FirstOrDefault(
            s => s.Layer == first && s.Shape.Role == SegmentRole.Bias) is Segment bias
            ? facts.Model.Parameters.Slice(bias.Offset, bias.Length).ToArray() : [];
        int inputs = network.Inputs, units = dense.Units;
        bool isOutput = network.Layers.Count == first + 1;
        double limit = Limit(weights);
        page.Add($"<section id=\"weights\"><h2>Weights of the {(isOutput ? "" : "first ")}layer</h2>\n");
        if (facts.Model.Image is ImageShape image && image.Width * image.Height == inputs)
            Pictures(page, facts, image, weights, biases, inputs, units, limit, isOutput);
        else Map(page, facts, weights, biases, inputs, units, limit, isOutput);
        page.AddConstant("</section>\n");
    }

    /// <summary>What full strength means: the size that 1 weight of 200 exceeds.</summary>
    private static double Limit(float[] weights)
    {
        float[] sizes = [.. weights.Select(Math.Abs).Where(w => w > 0 && float.IsFinite(w)).Order()];
        return sizes.Length == 0 ? 1 : sizes[Math.Min(sizes.Length - 1, sizes.Length * 199 / 200)];
    }

    private static string UnitName(ReportFacts facts, int unit, bool isOutput) =>
        !isOutput ? $"unit {unit + 1}"
        : !facts.IsClass ? facts.Target.Names[unit]
        : facts.Preparation.SingleOutput ? facts.Target.Classes[1] : facts.Target.Classes[unit];

    private static int[] Largest(int count, int most, Func<int, double> size) =>
        count <= most ? [.. Enumerable.Range(0, count)]
            : [.. Enumerable.Range(0, count).OrderByDescending(size).ThenBy(i => i).Take(most).Order()];

    private static double SizeOfUnit(float[] weights, int inputs, int units, int unit)
    {
        double squares = 0;
        for (int i = 0; i < inputs; i++) squares += (double)weights[i * units + unit] * weights[i * units + unit];
        return Math.Sqrt(squares);
    }

    private static void Legend(Markup page, double limit)
    {
        float[] ramp = [.. Enumerable.Range(0, 21).Select(i => (i - 10) / 10f)];
        page.Add($"<p class=\"scale\"><span>−{Written.Number(limit)}</span><img src=\""
            + $"{PixelPicture.Signed(ramp, ramp.Length, 1)}\" alt=\"Orange rings are negative, nothing is 0, full blue "
            + $"squares are positive.\"/><span>+{Written.Number(limit)}</span>"
            + $"<span class=\"words\">rings: negative; empty: 0; full: positive</span></p>\n");
    }

    private static void Pictures(
        Markup page, ReportFacts facts, ImageShape image, float[] weights, float[] biases, int inputs, int units,
        double limit, bool isOutput)
    {
        int[] shown = Largest(units, MostPictures, u => SizeOfUnit(weights, inputs, units, u));
        string some = shown.Length == units ? ""
            : $" The {shown.Length} of {Written.Count(units)} units with the largest weights are shown.";
        page.Add($"<p class=\"note\">Each picture is one {(isOutput ? "output" : "hidden unit")}"
            + $": what it adds up from the {image.Width} × {image.Height} pixels it sees, all on one scale."
            + $"{some}</p>\n");
        Legend(page, limit);
        // Pictures of many pixels are shown pixel by pixel: scaled, their rings would blur into stripes.
        string size = image.Width is > 16 and <= 64
            ? $" style=\"width:{PixelPicture.CellOf(image.Width) * image.Width + 2}px\"" : "";
        page.AddConstant("<ol class=\"tiles\">\n");
        float[] picture = new float[inputs];
        foreach (int unit in shown)
        {
            int low = 0, high = 0;
            for (int i = 0; i < inputs; i++)
            {
                picture[i] = weights[i * units + unit];
                if (picture[i] < picture[low]) low = i;
                if (picture[i] > picture[high]) high = i;
            }
            string about = $"{UnitName(facts, unit, isOutput)}: largest {Written.Number(picture[high])} at row "
                + $"{high / image.Width + 1}, column {high % image.Width + 1}; "
                + $"smallest {Written.Number(picture[low])} at row {low / image.Width + 1}, column "
                + $"{low % image.Width + 1}"
                + (biases.Length > 0 ? $"; bias {Written.Number(biases[unit])}" : "");
            page.Add($"<li><img{new Constant(size)} src=\"{PixelPicture.Signed(picture, image.Width, limit)}\" alt=\""
                + $"{about}\" title=\"{about}\"/><span>"
                + $"{ClassSection.Cut(isOutput ? UnitName(facts, unit, true) : $"{unit + 1}", 12)}</span></li>\n");
        }
        page.AddConstant("</ol>\n");
    }

    private static void Map(
        Markup page, ReportFacts facts, float[] weights, float[] biases, int inputs, int units, double limit,
            bool isOutput)
    {
        const int row = 20, cell = 10;
        string[] names = InputNames(facts.Preparation);
        int[] rows = Largest(inputs, MostInputs, i =>
            Math.Sqrt(Enumerable.Range(0, units).Sum(u => (double)weights[i * units + u] * weights[i * units + u])));
        int[] columns = Largest(units, MostUnits, u => SizeOfUnit(weights, inputs, units, u));
        bool hasBias = biases.Length > 0;
        List<string> left = [];
        if (rows.Length < inputs) left.Add($"{rows.Length} of {Written.Count(inputs)} inputs");
        if (columns.Length < units) left.Add($"{columns.Length} of {Written.Count(units)} units");
        page.Add($"<p class=\"note\">A row is an input{(hasBias ? " (the last: the biases)" : "")}, a column "
            + $"{(isOutput ? "an output" : "a hidden unit")}."
            + $"{(left.Count > 0 ? $" The {string.Join(" and ", left)} with the largest weights are shown." : "")}"
            + $"</p>\n");
        Legend(page, limit);
        int tall = rows.Length + (hasBias ? 1 : 0);
        double wide = Math.Max(columns.Length * 6, 150), height = tall * row;
        string caption = page.NewId("caption");
        page.Add($"<figure><figcaption id=\"{caption}\"><b>Weights by input and unit</b> <span>"
            + $"{UnitRange(facts, columns, isOutput)}</span></figcaption>"
            + $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{caption}\">");
        page.Add($"<svg class=\"map\" style=\"height:{height + 8}px;padding:4px 2px 4px 140px;min-width:{wide + 140}"
            + $"px;max-width:{Math.Max(360, columns.Length * 26 + 150)}px\" role=\"img\" aria-labelledby=\"{caption}"
            + $"\">\n");
        for (int i = 0; i < tall; i++)
        {
            string name = i < rows.Length ? names[rows[i]] : "bias";
            page.Add($"<text class=\"end\" x=\"-10\" y=\"{i * row + row / 2 + 4}\">{ClassSection.Cut(name, 20)}<title>"
                + $"{name}</title></text>");
        }
        page.Add($"\n<svg width=\"100%\" height=\"{height}\" viewBox=\"0 0 {columns.Length * cell} {tall * cell}"
            + $"\" preserveAspectRatio=\"none\"><rect class=\"frame\" width=\"{columns.Length * cell}\" height=\""
            + $"{tall * cell}\"/>\n");
        Cells(page, tall, columns.Length, limit, (i, c) =>
            i < rows.Length ? weights[rows[i] * units + columns[c]] : biases[columns[c]]);
        page.AddConstant("</svg></svg></div>\n");
        if (rows.Length * columns.Length <= MostInTable)
        {
            page.AddConstant("<details><summary>The weights as a table</summary>"
                + "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Weights as numbers\">"
                + "<table class=\"numbers\"><thead><tr><th scope=\"col\">unit</th>");
            foreach (int i in rows) page.Add($"<th scope=\"col\">{ClassSection.Cut(names[i], 24)}</th>");
            if (hasBias) page.AddConstant("<th scope=\"col\">bias</th>");
            page.AddConstant("</tr></thead><tbody>\n");
            foreach (int unit in columns)
            {
                page.Add($"<tr><th scope=\"row\">{UnitName(facts, unit, isOutput)}</th>");
                foreach (int i in rows) page.Add($"<td>{Written.Number(weights[i * units + unit])}</td>");
                if (hasBias) page.Add($"<td>{Written.Number(biases[unit])}</td>");
                page.AddConstant("</tr>\n");
            }
            page.AddConstant("</tbody></table></div></details>\n");
        }
        page.AddConstant("</figure>\n");
    }

    private static string UnitRange(ReportFacts facts, int[] columns, bool isOutput) =>
        columns.Length == 1 ? UnitName(facts, columns[0], isOutput)
        : $"{UnitName(facts, columns[0], isOutput)} at the left, {UnitName(facts, columns[^1], isOutput)} at the right";

    /// <summary>All cells of one strength and sign are one path: a page of thousands of weights stays small.</summary>
    private static void Cells(Markup page, int rows, int columns, double limit, Func<int, int, float> weight)
    {
        const int levels = 12;
        SortedDictionary<int, StringBuilder> paths = [];
        for (int i = 0; i < rows; i++)
            for (int c = 0; c < columns; c++)
            {
                float value = weight(i, c);
                int level = (int)Math.Min(levels, Math.Round(levels * Math.Abs(value) / limit));
                if (!float.IsFinite(value) || level == 0) continue;
                int key = value > 0 ? level : -level;
                if (!paths.TryGetValue(key, out StringBuilder? path)) paths[key] = path = new();
                (int x, int y) = (10 * c, 10 * i);
                path.Append($"M{x} {y}h10v10h-10z");
                if (value < 0) path.Append($"M{x + 3} {y + 3}v4h4v-4z");
            }
        foreach ((int key, StringBuilder path) in paths)
            page.Add($"<path class=\"{(key > 0 ? "plus" : "minus")}\" style=\"fill-opacity:"
                + $"{(double)Math.Abs(key) / levels}\" d=\"{path.ToString()}\"/>\n");
    }

    /// <summary>Names of the network's inputs: a category column has one for each category.</summary>
    public static string[] InputNames(Preparation preparation) => [.. preparation.InputNames()];
}
