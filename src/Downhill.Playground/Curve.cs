namespace Downhill.Playground;

/// <summary>A point of the loss curve.</summary>
/// <param name="Step">Updates done.</param>
/// <param name="Epoch">Epochs done.</param>
/// <param name="Train">Mean loss of the training rows with the weights of this moment.</param>
/// <param name="Test">The same of the test rows; NaN without any.</param>
/// <param name="Penalty">L1 and L2 terms.</param>
/// <param name="Learned">Mean loss of the epoch's rows, each just before its update; NaN at the start.</param>
internal readonly record struct CurvePoint(long Step, int Epoch, double Train, double Test, double Penalty, double Learned);

/// <summary>
/// The loss over a run in bounded memory: one point per epoch at first; when there are too many, every other one goes, and
/// from then on points come half as often. Which epochs have a point depends on how many there are and on nothing else.
/// </summary>
internal sealed class Curve
{
    /// <summary>Most points.</summary>
    public const int Most = 1024;

    private readonly List<CurvePoint> points = [];

    /// <summary>Epochs between two points, a power of 2.</summary>
    public int Stride { get; private set; } = 1;

    public IReadOnlyList<CurvePoint> Points => points;

    /// <summary>Whether the next epoch end has a point.</summary>
    public bool Wants(int epoch) => epoch % Stride == 0;

    /// <summary>Adds a point.</summary>
    /// <returns>Whether older points had to go.</returns>
    public bool Add(in CurvePoint point)
    {
        points.Add(point);
        if (points.Count <= Most) return false;
        Stride *= 2;
        points.RemoveAll(p => p.Epoch % Stride != 0);
        return true;
    }

    /// <summary>Forgets what came after an update.</summary>
    public void Truncate(long step) => points.RemoveAll(p => p.Step > step);

    /// <summary>At most <paramref name="most"/> points, for the history of runs.</summary>
    public CurvePoint[] Copy(int most = 256)
    {
        int every = Math.Max(1, (points.Count + most - 1) / most);
        return [.. points.Where((_, i) => i % every == 0 || i == points.Count - 1)];
    }
}
