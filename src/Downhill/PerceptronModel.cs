using System.Diagnostics;

namespace Downhill;

/// <summary>What training by the perceptron rule gave.</summary>
/// <param name="Fit">The model and its measures; each pass of the rule is one line of the history, whose loss is the
/// mean of ½(t − y)² over the rows as they were shown: 2 for a mistake, 0 otherwise.</param>
/// <param name="Answers">One for two classes; for more one per class, that class against all others. Certificates name
/// rows of the data set.</param>
public sealed record PerceptronResult(FitResult Fit, IReadOnlyList<PerceptronAnswer> Answers);

/// <summary>
/// Perceptrons for a data set, and the ordinary model that they become: for two classes a single unit with the
/// activation <c>sign</c> and the targets −1 and +1; for more classes one unit each, whose field in units of ‖w‖ is the
/// output, so that the answer is the class whose plane lies farthest below the row.
/// </summary>
public static class PerceptronModel
{
    /// <summary>
    /// Splits and prepares the data as <see cref="Model.Fit"/> does, runs the rule on the network's inputs, and where
    /// it has not converged decides on the raw rows. Uses of the options: test and validation parts, scaling, learning
    /// rate (1), epochs (1000; 20 from 5000 rows on), time, shuffle, seed, arithmetic, progress, cancellation. Weights
    /// of rows play no part.
    /// </summary>
    /// <param name="data">Rows with classes.</param>
    /// <param name="options">As above; what does not fit the rule is refused.</param>
    /// <param name="catalog">Where <c>sign</c> is looked up; null for what ships.</param>
    /// <param name="work">Most multiply-adds of each class's search; see <see cref="Separability.Decide"/>.</param>
    /// <exception cref="DownhillException">Numbers as target, one class only, hidden layers or other options without
    /// meaning here.</exception>
    public static PerceptronResult Fit(
        Dataset data, FitOptions? options = null, Catalog? catalog = null, long work = Separability.DefaultWork)
    {
        options ??= new();
        if (!data.Target.IsClass)
            Throw.Input("Perceptron", "classes as target", $"the number '{data.Target.Names[0]}'",
                "Use a network with the output identity.");
        Refuse(options);
        // The plan is asked for its rows and its preparation; the optimizer in it is never run.
        FitPlan split = FitPlan.Make(data, options with
        {
            Hidden = [],
            Output = Activations.Identity,
            Optimizer = Optimizers.GradientDescent,
            Batch = 0,
            LearningRate = null
        });
        int classes = data.Target.Classes.Count;
        bool single = classes == 2;
        Preparation preparation = split.Preparation with { TargetLow = -1, TargetHigh = 1, SingleOutput = single };
        Activation output = single ? (catalog ?? Catalog.Default).Activation("sign") : Activations.Identity;
        NetworkSpec spec = new(preparation.Width, new Dense(single ? 1 : classes, output));
        int epochs = options.Epochs ?? (split.Rows.Length < 5000 ? 1000 : 20);
        TrainOptions train = split.Options with
        {
            Epochs = epochs,
            LearningRate = options.LearningRate ?? 1,
            Batch = 1,
            Loss = Losses.Euclidean,
            Schedules = []
        };
        return new Run(data, split.Rows, preparation, spec, train, options, work).Finish(split);
    }

    /// <summary>Checks a certificate of <see cref="PerceptronResult.Answers"/> against the raw rows of the data
    /// set.</summary>
    /// <param name="certificate">The proof, naming rows of the data set.</param>
    /// <param name="data">The data set.</param>
    /// <param name="positive">Class with the target +1: 1 for two classes, else the class against all others.</param>
    /// <param name="preparation">The model's, which says what a missing number stands for; null where none is
    /// missing.</param>
    public static bool Check(
        GordanCertificate certificate, Dataset data, int positive, Preparation? preparation = null)
    {
        if (certificate.Rows.Any(row => (uint)row >= (uint)data.Rows)) return false;
        int[] rows = [.. certificate.Rows];
        float[] raw = Matrix(data, rows, Raw(preparation ?? Preparation.Fit(data, [0], Scaling.None)));
        int[] targets = [.. rows.Select(row => data.Classes[row] == positive ? 1 : -1)];
        GordanCertificate own = certificate with { Rows = [.. Enumerable.Range(0, rows.Length)] };
        return own.Check(rows.Length == 0 ? 1 : raw.Length / rows.Length, raw, targets);
    }

    /// <summary>The raw numbers, in the places where the preparation puts them: it only shifts and scales them, and
    /// fills in what is missing.</summary>
    private static Preparation Raw(Preparation preparation) => new(preparation.Inputs, preparation.Target,
        new double[preparation.NumericCount], [.. preparation.Scale.Select(_ => 1.0)], [], [], 0, 1,
        preparation.SingleOutput)
    { Encodings = preparation.Encodings };

    private static void Refuse(FitOptions options)
    {
        (string Option, bool IsSet)[] meaningless =
        [
            ("hidden layers", options.Hidden is { Count: > 0 }),
            ("an activation", options.Activation.Count > 0 || options.Output is not null),
            ("batch norm", options.BatchNorm), ("dropout", options.Dropout is > 0),
            ("a recipe", options.Recipe is not null), ("an ensemble", options.Ensemble is > 1),
            ("scaling by more than a shift and a factor", options.Scaling is Scaling.Robust or Scaling.Quantile),
            ("columns of few values as categories", options.Levels is > 0),
            ("scales of features", options.FeatureScale == true),
            ("missing links", options.Connections != 1 || options.Masks is not null),
            ("a forward scale", options.ForwardScale is not (null or ForwardScale.None)),
            ("a model to start from", options.From is not null), ("a loss", options.Loss is not null),
            ("schedules", options.Schedules.Count > 0 || options.LayerLearningRates is not null),
            ("L1, L2 or decay", options.L1 != 0 || options.L2 != 0 || options.WeightDecay is > 0),
            ("clipping", options.Clip != 0),
            ("batches of more than one row", options.Batch is not (null or 1)),
            ("stopping rules", options.Stop is { Count: > 0 }),
        ];
        foreach ((string option, bool isSet) in meaningless)
            if (isSet)
                Throw.Input("The perceptron rule",
                    "a single layer, one example at a time, an update of t·x on mistakes only", option,
                    "Leave it out, or use another optimizer with a smooth activation.");
    }

    /// <summary>[rows, preparation.Width], as the preparation encodes them.</summary>
    private static float[] Matrix(RowSource data, ReadOnlySpan<int> rows, Preparation preparation)
    {
        int width = preparation.Width;
        if ((long)width * rows.Length > Array.MaxLength)
            Throw.Input("Perceptron", $"at most {Array.MaxLength:N0} numbers in all rows",
                $"{(long)width * rows.Length:N0}", "Give fewer rows.");
        float[] matrix = new float[rows.Length * width], numeric = new float[preparation.NumericCount];
        int[] codes = new int[preparation.CategoryCount], classes = new int[1];
        for (int i = 0; i < rows.Length; i++)
        {
            data.Read([rows[i]], numeric, codes, classes, [], []);
            preparation.Encode<float>(numeric, codes, matrix.AsSpan(i * width, width));
        }
        return matrix;
    }

    /// <summary>One run: all classes' perceptrons, pass by pass.</summary>
    private sealed class Run
    {
        private readonly Dataset data;
        private readonly int[] rows;
        private readonly Preparation preparation;
        private readonly NetworkSpec spec;
        private readonly TrainOptions train;
        private readonly float[] encoded;
        private readonly int[][] targets;
        private readonly Perceptron[] units;
        private readonly List<EpochReport> history = [];
        private readonly List<PerceptronAnswer> answers = [];
        private readonly AlignedBuffer<float> parameters;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly StopReason stopped;

        public Run(
            Dataset data, int[] rows, Preparation preparation, NetworkSpec spec, TrainOptions train,
            FitOptions options, long work)
        {
            (this.data, this.rows, this.preparation, this.spec, this.train) = (data, rows, preparation, spec, train);
            parameters = new(spec.ParameterLength);
            encoded = Matrix(data, rows, preparation);
            int[] positive = preparation.SingleOutput ? [1] : [.. Enumerable.Range(0, data.Target.Classes.Count)];
            targets = [.. positive.Select(c => rows.Select(row => data.Classes[row] == c ? 1 : -1).ToArray())];
            for (int unit = 0; unit < targets.Length; unit++)
                if (targets[unit].Distinct().Count() < 2)
                    Throw.Input($"Data '{data.Name}', training rows",
                        $"rows of class '{data.Target.Classes[positive[unit]]}' and of others",
                        "only one of the two", "Hold out fewer rows, or leave the class out.");
            units = [.. targets.Select(t => new Perceptron(preparation.Width, encoded, t, train.EffectiveLearningRate,
                options.Shuffle, options.Seed))];
            bool isTimeOver = false;
            while (history.Count < train.Epochs && !options.Cancellation.IsCancellationRequested && !isTimeOver
                && units.Any(u => !u.HasConverged))
            {
                Pass();
                options.Progress?.Invoke(history[^1]);
                isTimeOver = options.Time is TimeSpan limit && clock.Elapsed >= limit;
            }
            float[]? raw = null;
            for (int unit = 0; unit < units.Length; unit++)
            {
                if (!units[unit].HasConverged && !isTimeOver) raw ??= Matrix(data, rows, Raw(preparation));
                answers.Add(Answer(unit, raw, isTimeOver ? 0 : work, options.Cancellation));
            }
            stopped = options.Cancellation.IsCancellationRequested ? new("cancelled", "cancelled by the caller")
                : isTimeOver ? new("time", $"the time of {options.Time!.Value.TotalSeconds:G4} s is over")
                : units.All(u => u.HasConverged) ? new("converged", $"a whole pass without a mistake; {Summary()}")
                : new("epochs", $"{history.Count} passes of the rule are done; {Summary()}");
            clock.Stop();
        }

        public PerceptronResult Finish(FitPlan split)
        {
            Model model = new(spec, preparation, train.Loss, parameters, new(0), train.Arithmetic)
            {
                Training = new(data.Name, rows.Length, history.Count, units.Sum(u => u.Steps), "perceptron",
                    train.EffectiveLearningRate, 1, train.Seed, stopped.Text),
                Image = data.Image,
            };
            return new(new(model, stopped, history, model.Evaluate(data, rows),
                split.ValidationRows.Length == 0 ? null : model.Evaluate(split.ValidationSource, split.ValidationRows),
                split.TestRows.Length == 0 ? null : model.Evaluate(split.TestSource, split.TestRows),
                units.Sum(u => u.Mistakes), clock.Elapsed.TotalSeconds), answers);
        }

        private void Pass()
        {
            long mistakes = 0;
            foreach (Perceptron unit in units)
                if (!unit.HasConverged) mistakes += unit.Pass();
            history.Add(new(history.Count + 1, units.Sum(u => u.Mistakes), 2.0 * mistakes / rows.Length, 0, double.NaN,
                double.NaN,
                train.EffectiveLearningRate, double.NaN, IsBest: false));
        }

        private string Summary()
        {
            if (answers.Count == 1) return answers[0].Text;
            int separable = answers.Count(a => a is Separable), not = answers.Count(a => a is NotSeparable);
            return $"of {answers.Count} classes against all others {separable} are separable, {not} are not, "
                + $"{answers.Count - separable - not} are undecided";
        }

        private PerceptronAnswer Answer(int unit, float[]? raw, long work, CancellationToken cancellation)
        {
            Perceptron perceptron = units[unit];
            PerceptronAnswer answer = perceptron.HasConverged || raw is null
                ? perceptron.Answer(perceptron.HasConverged ? work : 0, cancellation)
                : Separability.Decide(preparation.Width, raw, targets[unit], work, cancellation);
            if (answer is Undecided undecided)
                answer = undecided with { Passes = perceptron.Epochs, FewestWrong = perceptron.FewestWrong };
            double[] weights = perceptron.BestWeights.ToArray();
            if (answer is Separable separable)
            {
                weights = [separable.Bias, .. separable.Weights];
                if (!perceptron.HasConverged) ToEncoded(weights);
                double length = Math.Sqrt(weights.Skip(1).Sum(w => w * w));
                // A single unit keeps the rule's own numbers, which on whole-numbered rows are whole numbers.
                if (!preparation.SingleOutput)
                    for (int i = 0; i < weights.Length; i++) weights[i] /= length;
                double[] rounded = [.. weights.Select(w => (double)(float)w)];
                Separable? verified = Separability.Verify(preparation.Width, encoded, targets[unit], rounded)
                    ?? Separability.Verify(preparation.Width, encoded, targets[unit], weights);
                answer = verified is null ? new Undecided(perceptron.Epochs, perceptron.FewestWrong, separable.Margin)
                    : verified with { FoundBy = separable.FoundBy };
            }
            else
            {
                double length = Math.Sqrt(weights.Skip(1).Sum(w => w * w));
                if (!preparation.SingleOutput && length > 0)
                    for (int i = 0; i < weights.Length; i++) weights[i] /= length;
                if (answer is NotSeparable not)
                    answer = new NotSeparable(
                        not.Certificate with { Rows = [.. not.Certificate.Rows.Select(row => rows[row])] });
            }
            Place(unit, weights);
            return answer;
        }

        /// <summary>w·x + b of raw rows x as weights of the encoded e = (x − shift)·scale: w/scale, and b + Σ
        /// w·shift.</summary>
        private void ToEncoded(double[] weights)
        {
            int place = 1, numeric = 0;
            foreach (Column column in preparation.Inputs)
            {
                if (column.Kind == ColumnKind.Category)
                {
                    place += column.Categories.Count;
                    continue;
                }
                weights[0] += weights[place] * preparation.Shift[numeric];
                weights[place] /= preparation.Scale[numeric];
                place += preparation.Encodings[numeric++].Width; // an indicator is the same in both
            }
        }

        private void Place(int unit, double[] weights)
        {
            int columns = spec.Outputs;
            for (int i = 1; i < weights.Length; i++)
                parameters.Span[spec.Segments[0].Offset + (i - 1) * columns + unit] = (float)weights[i];
            parameters.Span[spec.Segments[1].Offset + unit] = (float)weights[0];
        }
    }
}
