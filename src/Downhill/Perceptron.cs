namespace Downhill;

/// <summary>One example shown to a perceptron.</summary>
/// <param name="Step">Examples shown so far, this one included.</param>
/// <param name="Epoch">Pass over the rows the example belongs to, from 1.</param>
/// <param name="Row">Which row, from 0.</param>
/// <param name="Field">Induced field v = w·x + b before the update.</param>
/// <param name="Output">φ(v).</param>
/// <param name="Target">t, +1 or −1.</param>
/// <param name="IsMistake">Whether output and target differ; only then the weights were moved.</param>
public readonly record struct PerceptronStep(
    long Step, int Epoch, int Row, double Field, int Output, int Target, bool IsMistake);

/// <summary>
/// Rosenblatt's perceptron (lecture L3; Rosenblatt, Psychological Review 65, 1958): one unit y = φ(v) with
/// φ(v) = +1 if v ≥ 0 else −1, its bias the weight of one more input x₀ = 1, and its own learning rule, example by
/// example: only on a mistake w ← w + η·t·x. It converges exactly when a plane separates the classes (Novikoff 1962).
/// Weights start at 0 and are held in double.
/// </summary>
public sealed class Perceptron
{
    private readonly float[] rows;
    private readonly int[] targets;
    private readonly double[] weights, best;
    private readonly bool shuffle;
    private readonly ulong seed;
    private Permutation order;
    private int place;

    /// <param name="inputs">Inputs I of the unit.</param>
    /// <param name="rows">[N,I] row-major, finite; not copied.</param>
    /// <param name="targets">[N], each +1 or −1, both present; not copied.</param>
    /// <param name="learningRate">η above 0. From zero weights it changes their length only, never an answer.</param>
    /// <param name="shuffle">Whether each pass takes the rows in a new order, or always in the given one.</param>
    /// <param name="seed">Seed of the orders.</param>
    /// <exception cref="DownhillException">Sizes that do not fit, one class only, a number that is not
    /// finite.</exception>
    public Perceptron(
        int inputs, float[] rows, int[] targets, double learningRate = 1, bool shuffle = false, ulong seed = 1)
    {
        Separability.Check(inputs, rows, targets);
        if (!(learningRate > 0 && learningRate <= 1e6))
            Throw.Input("Learning rate", "a number above 0 up to 1000000", Numbers.Text(learningRate),
                "1 is usual here.");
        (Inputs, this.rows, this.targets, LearningRate) = (inputs, rows, targets, learningRate);
        (this.shuffle, this.seed) = (shuffle, seed);
        weights = new double[inputs + 1];
        best = new double[inputs + 1];
        FewestWrong = CountWrong();
    }

    /// <summary>Inputs I, x₀ not counted.</summary>
    public int Inputs { get; }

    /// <summary>Rows N.</summary>
    public int Rows => targets.Length;

    /// <summary>η.</summary>
    public double LearningRate { get; }

    /// <summary>w [I].</summary>
    public ReadOnlySpan<double> Weights => weights.AsSpan(1);

    /// <summary>b = w₀.</summary>
    public double Bias => weights[0];

    /// <summary>Examples shown.</summary>
    public long Steps { get; private set; }

    /// <summary>Whole passes done.</summary>
    public int Epochs { get; private set; }

    /// <summary>Mistakes so far: as many as updates.</summary>
    public long Mistakes { get; private set; }

    /// <summary>Mistakes of the pass that is running.</summary>
    public int PassMistakes { get; private set; }

    /// <summary>Whether the last whole pass had no mistake: the rule has converged and never moves again.</summary>
    public bool HasConverged { get; private set; }

    /// <summary>Fewest rows that the weights at the end of a pass (or at the start) had on the wrong side.</summary>
    public int FewestWrong { get; private set; }

    /// <summary>Weights [I+1], bias first, that had <see cref="FewestWrong"/> rows wrong (Gallant's pocket,
    /// 1990).</summary>
    public ReadOnlySpan<double> BestWeights => best;

    /// <summary>φ(v) = +1 if v ≥ 0 else −1.</summary>
    public static int Sign(double field) => field >= 0 ? 1 : -1;

    /// <summary>v = w·x + b of one example [I].</summary>
    public double Field(ReadOnlySpan<float> x) => Field(weights, x);

    /// <summary>φ(v) of one example [I].</summary>
    public int Predict(ReadOnlySpan<float> x) => Sign(Field(x));

    /// <summary>Shows the next example and learns from it if it was a mistake.</summary>
    public PerceptronStep Step()
    {
        if (place == 0)
        {
            PassMistakes = 0;
            if (shuffle) order = new Permutation(Rows, seed, (uint)Epochs);
        }
        int row = shuffle ? order[place] : place, target = targets[row];
        ReadOnlySpan<float> x = rows.AsSpan(row * Inputs, Inputs);
        double field = Field(x);
        int output = Sign(field);
        bool mistake = output != target;
        if (mistake)
        {
            double move = LearningRate * target;
            weights[0] += move;
            for (int i = 0; i < x.Length; i++) weights[i + 1] += move * x[i];
            Mistakes++;
            PassMistakes++;
        }
        PerceptronStep step = new(++Steps, Epochs + 1, row, field, output, target, mistake);
        if (++place == Rows) EndPass();
        return step;
    }

    /// <summary>Steps to the end of the pass and returns the number of its mistakes.</summary>
    public int Pass()
    {
        do Step();
        while (place != 0);
        return PassMistakes;
    }

    /// <summary>
    /// The answer after at most <paramref name="passes"/> passes. Where the rule has not converged by then, the convex
    /// hull of the signed examples is searched for a separating plane or for a certificate that there is none
    /// (<see cref="Separability"/>).
    /// </summary>
    /// <param name="passes">Most passes of the rule.</param>
    /// <param name="work">Most multiply-adds of the search, about 10⁹ a second; 0 for the rule alone.</param>
    /// <param name="cancellation">Ends it early: undecided.</param>
    public PerceptronAnswer Decide(
        int passes = 1000, long work = Separability.DefaultWork, CancellationToken cancellation = default)
    {
        while (!HasConverged && Epochs < passes && !cancellation.IsCancellationRequested) Pass();
        return Answer(work, cancellation);
    }

    internal PerceptronAnswer Answer(long work, CancellationToken cancellation)
    {
        if (HasConverged && Separability.Verify(Inputs, rows, targets, Strict()) is Separable found)
            return found with { FoundBy = $"the perceptron rule, {Mistakes} updates in {Epochs} passes" };
        PerceptronAnswer searched = Separability.Decide(Inputs, rows, targets, work, cancellation);
        return searched is Undecided undecided ? undecided with { Passes = Epochs, FewestWrong = FewestWrong }
            : searched;
    }

    /// <summary>φ(0) = +1 lets a row of class +1 lie on the plane itself; then the plane moves half way to the nearest
    /// row of class −1, so that no row lies on it.</summary>
    private double[] Strict()
    {
        double[] moved = [.. weights];
        double nearest = double.PositiveInfinity, smallest = double.PositiveInfinity;
        for (int row = 0; row < Rows; row++)
        {
            double field = Field(weights, rows.AsSpan(row * Inputs, Inputs));
            if (targets[row] > 0) smallest = Math.Min(smallest, field);
            else nearest = Math.Min(nearest, -field);
        }
        if (smallest == 0) moved[0] += 0.5 * nearest;
        return moved;
    }

    private void EndPass()
    {
        place = 0;
        Epochs++;
        HasConverged = PassMistakes == 0;
        int wrong = HasConverged ? 0 : CountWrong();
        if (wrong >= FewestWrong) return;
        FewestWrong = wrong;
        weights.CopyTo(best, 0);
    }

    private int CountWrong()
    {
        int wrong = 0;
        for (int row = 0; row < Rows; row++)
            wrong += Sign(Field(weights, rows.AsSpan(row * Inputs, Inputs))) != targets[row] ? 1 : 0;
        return wrong;
    }

    private static double Field(ReadOnlySpan<double> weights, ReadOnlySpan<float> x)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += weights[i + 1] * x[i];
        return sum + weights[0];
    }
}
