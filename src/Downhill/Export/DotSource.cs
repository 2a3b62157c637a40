using System.Globalization;
using System.Text;

namespace Downhill;

/// <summary>
/// A network drawn by Graphviz, from left to right. Small ones show every unit and link: width for size, colour and
/// solid or dashed for the sign. Larger ones show their layers.
/// </summary>
internal sealed class DotSource
{
    // More than this on one page is grey.
    private const int MostUnits = 24, MostLinks = 600;

    private readonly SourceModel source;
    private readonly TextWriter writer;

    private DotSource(SourceModel source, TextWriter writer) => (this.source, this.writer) = (source, writer);

    public static void Write(SourceModel source, TextWriter writer) => new DotSource(source, writer).Write();

    private void Write()
    {
        writer.WriteLine($"// {SourceModel.Comment(source.Description.First())}");
        writer.WriteLine($"digraph {source.Name}_network {{");
        writer.WriteLine("  rankdir=LR; ranksep=1.2; nodesep=0.15;");
        writer.WriteLine("  node [fontname=\"sans-serif\", fontsize=11]; edge [arrowhead=none];");
        int links = source.Model.Spec.LinkCount;
        if (source.Widest <= MostUnits && links <= MostLinks) WriteUnits();
        else WriteLayers();
        writer.WriteLine("}");
    }

    private void WriteUnits()
    {
        string[] inputs = [.. source.Columns.SelectMany(
            c => c.IsCategory ? c.Column.Categories.Select(k => $"{c.Column.Name} = {k}") : [c.Column.Name])];
        writer.WriteLine("  { rank=same;");
        for (int i = 0; i < inputs.Length; i++) writer.WriteLine(
            $"    u0_{i} [shape=plaintext, label={Text(inputs[i])}];");
        writer.WriteLine("  }");
        Target target = source.Preparation.Target;
        string[] outputs = [.. !target.IsClass ? target.Names : source.Preparation.SingleOutput ? [target.Classes[1]]
            : target.Classes];
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            bool isLast = index == source.Layers.Count - 1;
            writer.WriteLine($"  // {SourceModel.Comment(layer.Layer.Describe(layer.Inputs))}");
            writer.WriteLine("  { rank=same;");
            for (int unit = 0; unit < layer.Outputs; unit++)
            {
                string label = layer.Layer is Dense dense
                    ? (dense.HasBias ? $"{layer.Tensors[1][0, unit].ToString("G3", CultureInfo.InvariantCulture)}\n"
                    : "") + dense.Activation.Name
                    : layer.Layer.Kind.Replace('_', ' ');
                writer.WriteLine($"    u{index + 1}_{unit} [shape={(layer.Layer is Dense ? "circle" : "box")}, label="
                    + $"{Text(label)}{(isLast ? $", xlabel={Text(outputs[unit])}" : "")}];");
            }
            writer.WriteLine("  }");
            if (layer.Layer is Dense { Connections: ConnectionMask mask }) WriteLinks(index, layer, mask);
            else if (layer.Layer is Dense) WriteLinks(index, layer, null);
            else for (int unit = 0; unit < layer.Outputs; unit++) writer.WriteLine(
                $"  u{index}_{unit} -> u{index + 1}_{unit};");
        }
    }

    private void WriteLinks(int index, TrainedLayer layer, ConnectionMask? mask)
    {
        double[,] weights = layer.Tensors[0];
        double largest = weights.Cast<double>().Select(Math.Abs).Append(1e-30).Max();
        for (int i = 0; i < layer.Inputs; i++)
            for (int o = 0; o < layer.Outputs; o++)
            {
                if (mask is not null && !mask[i, o]) continue;
                double weight = weights[i, o];
                string width = (0.2 + 2.8 * Math.Abs(weight) / largest).ToString("F2", CultureInfo.InvariantCulture);
                // Blue and orange are told apart by every eye; dashes tell the sign without them.
                string sign = weight < 0 ? "color=\"#d95f02\", style=dashed" : "color=\"#1f78b4\"";
                writer.WriteLine($"  u{index}_{i} -> u{index + 1}_{o} [penwidth={width}, {sign}, tooltip=\""
                    + $"{weight.ToString("R", CultureInfo.InvariantCulture)}\"];");
            }
    }

    private void WriteLayers()
    {
        writer.WriteLine("  node [shape=box, style=rounded];");
        writer.WriteLine($"  layer0 [shape=plaintext, label="
            + $"{Text($"{source.Columns.Count} columns\n{source.Preparation.Width} inputs")}];");
        for (int index = 0; index < source.Layers.Count; index++)
        {
            TrainedLayer layer = source.Layers[index];
            int numbers = layer.Layer.Parameters(layer.Inputs).Sum(p => p.Count);
            string count = numbers.ToString("N0", CultureInfo.InvariantCulture);
            writer.WriteLine($"  layer{index + 1} [label="
                + $"{Text($"{layer.Layer.Describe(layer.Inputs)}\n{count} parameters")}];");
            writer.WriteLine($"  layer{index} -> layer{index + 1} [arrowhead=normal, label=\"{layer.Inputs}\"];");
        }
        Target target = source.Preparation.Target;
        writer.WriteLine($"  answer [shape=plaintext, label="
            + $"{Text(SourceText.Listed(target.IsClass ? target.Classes : target.Names, 4))}];");
        writer.WriteLine($"  layer{source.Layers.Count} -> answer [arrowhead=normal, label=\""
            + $"{source.Preparation.Outputs}\"];");
    }

    private static string Text(string text)
    {
        StringBuilder literal = new("\"");
        foreach (char c in text)
            literal.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                _ when char.IsControl(c) => " ",
                _ => $"{c}"
            });
        return literal.Append('"').ToString();
    }
}
