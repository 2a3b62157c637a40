namespace Downhill.Cli.Report;

/// <summary>The network: drawn link by link where it is small, by its widths where it is large, and its parameters
/// counted.</summary>
internal static class NetworkSection
{
    private const int MostNodes = 12, MostLinks = 320;

    public static void Write(Markup page, ReportFacts facts)
    {
        page.AddConstant("<section id=\"network\"><h2>The network</h2>\n");
        Dense[] layers = [.. facts.Plan.Network.Layers.OfType<Dense>()];
        int[] widths = [facts.Plan.Network.Inputs, .. layers.Select(l => l.Units)];
        bool isSmall = widths.Max() <= MostNodes && layers.Select((l, i) => widths[i] * l.Units).Sum() <= MostLinks;
        Draw(page, facts, layers, widths, isSmall);
        Table(page, facts.Plan.Network);
        page.AddConstant("</section>\n");
    }

    private static void Draw(Markup page, ReportFacts facts, Dense[] layers, int[] widths, bool isSmall)
    {
        string[] inputs = WeightSection.InputNames(facts.Preparation);
        string[] outputs = !facts.IsClass ? [.. facts.Target.Names] : facts.Preparation.SingleOutput
            ? [facts.Target.Classes[1]] : [.. facts.Target.Classes];
        // Of a wide layer the first and the last units with an ellipsis between.
        const int ends = 3;
        (int Unit, double Place)[][] nodes = [.. widths.Select(w => w <= (isSmall ? MostNodes : 2 * ends)
            ? Enumerable.Range(0, w).Select(u => (u, u - (w - 1) / 2.0)).ToArray()
            : [.. Enumerable.Range(0, ends).Select(u => (u, u - ends - 0.25)),
            .. Enumerable.Range(0, ends).Select(u => (w - ends + u, u + 1.25))])];
        const double margin = 150, gap = 190, step = 30;
        double tall = nodes.Max(n => n[^1].Place - n[0].Place) * step, wide = 2 * margin + gap * (widths.Length - 1);
        double middle = 40 + tall / 2, bottom = 40 + tall + 44;
        string caption = page.NewId("caption"), about = page.NewId("about");
        string legend = isSmall ? "each line is a link: width its size, blue unbroken positive, orange dashed negative"
            : "wide layers by their first and last units; the numbers between are links";
        page.Add($"<figure><figcaption id=\"{caption}\"><b>{facts.Plan.Network.ToString()}</b> <span>{legend}</span>"
            + $"</figcaption>");
        page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{caption}\">"
            + $"<svg class=\"network\" viewBox=\"0 0 {wide} {bottom + 26}\" style=\"max-width:{wide}px;min-width:"
            + $"{0.78 * wide}px\" role=\"img\" aria-labelledby=\"{caption}\" aria-describedby=\"{about}\"><desc id=\""
            + $"{about}\">{string.Join("; ", layers.Select((l, i) => l.Describe(widths[i])))}.</desc>\n");
        double X(int column) => margin + gap * column;
        for (int layer = 0; layer < layers.Length; layer++)
        {
            Dense dense = layers[layer];
            Segment segment = facts.Plan.Network.Segments.Where(s => s.Shape.Role == SegmentRole.Weight)
                .ElementAt(layer);
            ReadOnlySpan<float> weights = facts.Model.Parameters.Slice(segment.Offset, segment.Length);
            double limit = 1e-30;
            foreach (float weight in weights)
                if (float.IsFinite(weight)) limit = Math.Max(limit, Math.Abs(weight));
            foreach ((int from, double start) in nodes[layer])
                foreach ((int to, double end) in nodes[layer + 1])
                {
                    if (dense.Connections is ConnectionMask mask && !mask[from, to]) continue;
                    float weight = weights[from * dense.Units + to];
                    string ends2 = $"x1=\"{Written.Coordinate(X(layer))}\" y1=\""
                        + $"{Written.Coordinate(middle + step * start)}\" x2=\"{Written.Coordinate(X(layer + 1))}"
                        + $"\" y2=\"{Written.Coordinate(middle + step * end)}\"";
                    if (!isSmall)
                        page.Add($"<line class=\"link\" {new Constant(ends2)}/>");
                    else
                        page.Add($"<line class=\"link {(weight < 0 ? "minus" : "plus")}\" {new Constant(ends2)}"
                            + $" style=\"stroke-width:{0.4 + 4 * Math.Abs(weight) / limit}\"><title>"
                            + $"{Written.Number(weight)}</title></line>\n");
                }
            page.Add($"<text class=\"middle paper\" x=\"{X(layer) + gap / 2}\" y=\"{bottom}\">"
                + $"{Written.Plural(dense.Connections?.Links ?? widths[layer] * dense.Units, "link")}</text>\n");
        }
        for (int column = 0; column < widths.Length; column++)
        {
            if (nodes[column].Length < widths[column])
                page.Add($"<text class=\"middle dots\" x=\"{X(column)}\" y=\"{middle + 6}\">⋮</text>");
            foreach ((int unit, double place) in nodes[column])
            {
                double y = middle + step * place;
                page.Add($"<circle class=\"node\" cx=\"{X(column)}\" cy=\"{y}\" r=\"9\"/>");
                if (column == 0)
                    page.Add($"<text class=\"end\" x=\"{X(0) - 16}\" y=\"{y}\" dy=\".35em\">"
                        + $"{ClassSection.Cut(inputs[unit], 20)}<title>{inputs[unit]}</title></text>");
                if (column == widths.Length - 1)
                    page.Add($"<text x=\"{X(column) + 16}\" y=\"{y}\" dy=\".35em\">"
                        + $"{ClassSection.Cut(outputs[unit], 20)}<title>{outputs[unit]}</title></text>");
            }
            string what = column == 0 ? "inputs" : ActivationOf(facts.Plan.Network, column - 1);
            page.Add($"<text class=\"middle strong\" x=\"{X(column)}\" y=\"{middle - tall / 2 - 24}\">"
                + $"{Written.Count(widths[column])}</text>");
            page.Add($"<text class=\"middle\" x=\"{X(column)}\" y=\"{bottom + 18}\">{ClassSection.Cut(what, 26)}"
                + $"</text>\n");
        }
        page.AddConstant("</svg></div></figure>\n");
    }

    /// <summary>φ after a dense layer, that of a normalisation included.</summary>
    private static string ActivationOf(NetworkSpec network, int dense)
    {
        int seen = -1;
        for (int i = 0; i < network.Layers.Count; i++)
            if (network.Layers[i] is Dense layer && ++seen == dense)
                return i + 1 < network.Layers.Count && network.Layers[i + 1] is BatchNorm norm
                    ? $"batch norm, {norm.Activation}" : layer.Activation.ToString();
        return "";
    }

    private static void Table(Markup page, NetworkSpec network)
    {
        page.AddConstant("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Layers and their "
            + "parameters\"><table class=\"layers\"><thead><tr><th scope=\"col\" class=\"n\">layer</th>"
            + "<th scope=\"col\">what it is</th><th scope=\"col\" class=\"n\">inputs</th>"
            + "<th scope=\"col\" class=\"n\">outputs</th><th scope=\"col\">parameters</th>"
            + "<th scope=\"col\" class=\"n\"><span class=\"unseen\">count</span></th></tr></thead><tbody>\n");
        for (int index = 0; index < network.Layers.Count; index++)
        {
            Layer layer = network.Layers[index];
            int inputs = network.InputsOf(index), count = layer.Parameters(inputs).Sum(p => p.Count);
            string what = layer is Dense dense
                ? $"dense, {dense.Activation}{(dense.ForwardScale == ForwardScale.None ? "" : ", sum/√inputs")}"
                : layer is BatchNorm norm ? $"batch norm, {norm.Activation}"
                : layer.Describe(inputs).ToLowerInvariant();
            page.Add($"<tr><th scope=\"row\" class=\"n\">{index + 1}</th><td>{what}</td><td class=\"n\">"
                + $"{Written.Count(inputs)}</td><td class=\"n\">{Written.Count(layer.Outputs(inputs))}</td><td>"
                + $"{InspectCommand.Formula(layer, inputs)}</td><td class=\"n\">{Written.Count(count)}</td></tr>\n");
        }
        page.Add($"</tbody><tfoot><tr><th scope=\"row\" colspan=\"5\">all; links alone "
            + $"{Written.Count(network.LinkCount)}</th><td class=\"n\">{Written.Count(network.ParameterCount)}"
            + $"</td></tr></tfoot></table></div>\n");
    }
}
