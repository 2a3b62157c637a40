namespace Downhill.Playground;

/// <summary>
/// A layer of units as people see it: the dense layer together with the normalisation and the dropout that belong to it.
/// </summary>
/// <param name="Dense">Index of its dense layer in the network.</param>
/// <param name="Shown">Index of the layer whose outputs are the units' outputs y.</param>
/// <param name="Units">Number of units.</param>
/// <param name="Activation">φ.</param>
internal sealed record UnitLayer(int Dense, int Shown, int Units, Activation Activation)
{
    public bool IsNormalised => Shown != Dense;

    /// <summary>Size that stands for full colour where φ has bounds, else null.</summary>
    public double? Bound => Activation.Range is { Low: > double.NegativeInfinity, High: < double.PositiveInfinity } range
        ? Math.Max(Math.Abs(range.Low), Math.Abs(range.High)) : null;

    public static IReadOnlyList<UnitLayer> Of(NetworkSpec spec)
    {
        List<UnitLayer> layers = [];
        for (int i = 0; i < spec.Layers.Count; i++)
        {
            if (spec.Layers[i] is not Dense dense) continue;
            bool isNormalised = i + 1 < spec.Layers.Count && spec.Layers[i + 1] is BatchNorm;
            layers.Add(isNormalised ? new(i, i + 1, dense.Units, ((BatchNorm)spec.Layers[i + 1]).Activation) : new(i, i, dense.Units, dense.Activation));
        }
        return layers;
    }

    /// <summary>The layer of units a tensor belongs to.</summary>
    public static int IndexOf(IReadOnlyList<UnitLayer> layers, int specLayer)
    {
        int index = 0;
        while (index + 1 < layers.Count && layers[index + 1].Dense <= specLayer) index++;
        return index;
    }
}

/// <summary>The stages of one example inside an update.</summary>
internal enum Stage
{
    Forward,
    Loss,
    Backward,
    Update,
}

/// <summary>A place inside an update: nothing of the run has changed yet, until the stage is <see cref="Stage.Update"/>.</summary>
/// <param name="Rows">Data rows of the update, in its order.</param>
/// <param name="Example">Which of them, from 0.</param>
/// <param name="Stage">The stage just done.</param>
internal sealed record Cursor(int[] Rows, int Example, Stage Stage)
{
    public int Row => Rows[Example];
}
