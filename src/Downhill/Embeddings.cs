namespace Downhill;

/// <summary>
/// Learned vectors for the categories of columns that have many (Guo, Berkhahn, Entity Embeddings of Categorical
/// Variables, 2016; Holzmüller et al., Better by Default, NeurIPS 2024, appendix A: 8 numbers, for columns of more than
/// 8 categories). A vector that a code is mapped to is what a linear layer makes of the code's 1 among 0s; so the
/// vectors are the weights of a first dense layer whose links run from the categories of a column to the column's own
/// units. All other inputs pass it by a link of their own, at first of weight 1. A missing or unknown category has no 1
/// and the vector 0. Files, exports, ensembles and gradients know dense layers with links, and need to know no more.
/// </summary>
internal static class Embeddings
{
    /// <summary>Numbers of a vector.</summary>
    public const int Size = 8;

    /// <summary>The layer, or null where no category column has more than <paramref name="above"/>
    /// categories.</summary>
    /// <param name="preparation">Whose encoded inputs come in.</param>
    /// <param name="above">Most categories that stay an input each; 0 for no vectors at all.</param>
    public static Dense? Layer(Preparation preparation, int above)
    {
        bool Is(Column column) => column.Kind == ColumnKind.Category && column.Categories.Count > above;
        if (above <= 0 || !preparation.Inputs.Any(Is)) return null;
        List<(int First, int Count, bool IsVector)> blocks = [];
        int numeric = 0, at = 0, units = 0;
        foreach (Column column in preparation.Inputs)
        {
            int width = column.Kind == ColumnKind.Numeric ? preparation.Encodings[numeric++].Width
                : column.Categories.Count;
            blocks.Add((at, width, Is(column)));
            at += width;
            units += Is(column) ? Size : width;
        }
        if ((long)at * units > Array.MaxLength)
            Throw.Input("Embeddings", $"at most {Array.MaxLength} places for links", $"{at} inputs times {units} units",
                "Leave out columns whose values are names of single rows.");
        bool[] present = new bool[at * units];
        int unit = 0;
        foreach ((int first, int count, bool isVector) in blocks)
        {
            for (int i = 0; i < count; i++)
                if (isVector) present.AsSpan((first + i) * units + unit, Size).Fill(true);
                else present[(first + i) * units + unit + i] = true;
            unit += isVector ? Size : count;
        }
        return new(units, Activations.Identity)
        {
            HasBias = false, Connections = new(at, units, present), Initializer = Initializers.Embedding,
        };
    }
}
