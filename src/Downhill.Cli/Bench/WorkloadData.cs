namespace Downhill.Cli.Bench;

/// <summary>
/// The rows of a workload: made from a fixed seed, in the form in which the network takes them, so that Downhill and
/// its peers read the very same numbers and none spends time on scaling.
/// </summary>
internal sealed class WorkloadData
{
    private const ulong Seed = 20;
    private const int MostThatDecide = 32; // inputs that the target depends on: learnable, and quick to make

    private WorkloadData(Dataset rows)
    {
        Rows = rows;
        All = [.. Enumerable.Range(0, rows.Rows)];
        Preparation = Preparation.Fit(rows, All, Scaling.None, scaleTargets: false);
    }

    /// <summary>The rows. Inputs are uniform in [−1, 1).</summary>
    public Dataset Rows { get; }

    /// <summary>Every row's number, in order.</summary>
    public int[] All { get; }

    /// <summary>Takes the numbers as they are.</summary>
    public Preparation Preparation { get; }

    public static WorkloadData Of(Workload workload)
    {
        int inputs = workload.Spec.Inputs, outputs = workload.Spec.Outputs, rows = workload.Rows;
        RandomStream numbers = new(Seed, RandomStreams.Split), weights = new(Seed, RandomStreams.Split + 1);
        float[] x = new float[rows * inputs];
        for (int i = 0; i < x.Length; i++) x[i] = (float)numbers.Uniform((ulong)i, -1, 1);
        Column[] columns = [.. Enumerable.Range(1, inputs).Select(i => new Column($"x{i}"))];
        if (outputs == 1)
        {
            // Inside or outside of a ball that holds about half of the rows.
            int deciding = Math.Min(inputs, 2);
            float[] targets = new float[rows];
            for (int r = 0; r < rows; r++)
            {
                float squares = 0;
                for (int i = 0; i < deciding; i++) squares += x[r * inputs + i] * x[r * inputs + i];
                targets[r] = squares < 0.64f ? 1 : -1;
            }
            return new(new Dataset(workload.Name, columns, new Target(["inside"], []), x, [], [], targets));
        }
        int[] classes = new int[rows];
        int used = Math.Min(inputs, MostThatDecide);
        double[] weight = [.. Enumerable.Range(0, used * outputs).Select(i => weights.Uniform((ulong)i, -1, 1))];
        for (int r = 0; r < rows; r++)
        {
            double best = double.NegativeInfinity;
            for (int o = 0; o < outputs; o++)
            {
                double score = 0;
                for (int i = 0; i < used; i++) score += x[r * inputs + i] * weight[i * outputs + o];
                if (score <= best) continue;
                best = score;
                classes[r] = o;
            }
        }
        Target target = new(["class"], [.. Enumerable.Range(0, outputs).Select(o => $"c{o}")]);
        return new(new Dataset(workload.Name, columns, target, x, [], classes, []));
    }
}
