using Downhill.Threading;

namespace Downhill;

/// <summary>A fit per fold, tested on what it has not seen. Everything, the preparation too, is fitted on the fold's
/// training rows alone.</summary>
/// <param name="Folds">What came of each fold, in their order.</param>
public sealed record CrossValidation(IReadOnlyList<FitResult> Folds)
{
    /// <summary>Test part of each fold.</summary>
    public IEnumerable<Metrics> Tests => Folds.Select(f => f.Test!);

    /// <summary>Mean over the folds of a measure of their test parts.</summary>
    public double Mean(Func<Metrics, double?> measure) => Tests.Average(measure) ?? double.NaN;

    /// <summary>Standard deviation between the folds, of a sample: Σ(x − mean)²/(K − 1).</summary>
    public double Deviation(Func<Metrics, double?> measure)
    {
        double mean = Mean(measure);
        return Folds.Count < 2 ? double.NaN
            : Math.Sqrt(Tests.Sum(t => (measure(t)!.Value - mean) * (measure(t)!.Value - mean)) / (Folds.Count - 1));
    }

    /// <summary>Fits every fold, as many at a time as there are threads; the result does not depend on how
    /// many.</summary>
    /// <param name="data">All rows; a test part of its own is left aside.</param>
    /// <param name="splits">The folds (<see cref="Split.Folds(Dataset, int, ulong)"/>, <see
    /// cref="Split.FromTest"/>).</param>
    /// <param name="options">As for <see cref="Model.Fit"/>; its test data are the folds'.</param>
    /// <param name="finished">Called, one call at a time, with a fold's number from 0 and its result when it is
    /// done.</param>
    /// <exception cref="DownhillException">Options or folds that do not make sense.</exception>
    public static CrossValidation Fit(
        Dataset data, IReadOnlyList<Split> splits, FitOptions? options = null, Action<int, FitResult>? finished = null)
    {
        options ??= new();
        FitResult[] results = new FitResult[splits.Count];
        object gate = new();
        ParallelOptions cores = new() { MaxDegreeOfParallelism = Team.SizeOf(options.Threads) };
        try
        {
            Parallel.For(0, splits.Count, cores, fold =>
            {
                FitResult result = Model.Fit(data.Subset(splits[fold].Training), options with
                {
                    Test = data.Subset(splits[fold].Test),
                    TestShare = null,
                    Threads = 1,
                    Progress = null,
                });
                lock (gate)
                {
                    results[fold] = result;
                    finished?.Invoke(fold, result);
                }
            });
        }
        catch (AggregateException error) when (
            error.InnerExceptions.OfType<DownhillException>().FirstOrDefault() is { } first)
        {
            throw new DownhillException(first.Message, error);
        }
        return new(results);
    }
}
