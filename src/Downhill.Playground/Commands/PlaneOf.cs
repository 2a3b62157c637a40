namespace Downhill.Playground.Commands;

/// <summary>Two weights of the session's network, named as a request names them: [layer, from, unit], from −1 for the
/// bias.</summary>
/// <param name="First">Place of the first in the flat parameters.</param>
/// <param name="Second">Place of the second.</param>
internal readonly record struct PlaneOf(int First, int Second)
{
    public static (int[] First, int[] Second) Parse(Fields fields, string request)
    {
        return (Link("first"), Link("second"));

        int[] Link(string name) => fields.Wholes(name, -1, 4096) is { Length: 3 } link ? link
            : Throw.Input<int[]>($"Request '{request}', field '{name}'", "[layer, from, unit]", "something else",
                "Write [0, 1, 0], or [0, -1, 0] for a bias.");
    }

    public static PlaneOf Find(Run run, int[] first, int[] second)
    {
        (int a, int b) = (Place(first), Place(second));
        return a != b ? new(a, b)
            : Throw.Input<PlaneOf>("Error surface", "two different weights", "one twice", "Choose another second one.");

        int Place(int[] link) => run.PlaceOf(new(link[0], link[1], link[2], 0));
    }
}

/// <summary>The mean loss of the session's training rows, again and again with other weights: the rows are read
/// once.</summary>
internal sealed class PlaneLoss
{
    private readonly Run run;
    private readonly Workspace<float> workspace;
    private readonly int count;

    public PlaneLoss(Run run)
    {
        this.run = run;
        int[] rows = run.Fit.Rows;
        count = rows.Length;
        workspace = new(run.Network, count);
        new Batcher<float>(run.Fit.Data, rows, run.Preparation, count).Read(workspace, 0, count, order: null);
    }

    public double At(AlignedBuffer<float> parameters)
    {
        run.Network.Forward(workspace, parameters, run.State.Buffers, count, PassMode.Predict);
        run.Network.Evaluate(workspace, count, weighted: false, withGradient: false);
        double sum = 0;
        foreach (float loss in workspace.RowLoss[..count]) sum += loss;
        return sum / count;
    }
}
