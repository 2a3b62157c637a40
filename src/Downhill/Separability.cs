using System.Numerics;

namespace Downhill;

/// <summary>
/// Decides whether a plane separates two classes. The signed rows vᵢ = tᵢ·(1, xᵢ) are separable exactly when 0 lies
/// outside their convex hull (Gordan 1873); Wolfe's algorithm (Mathematical Programming 11, 1976) walks to the hull's
/// point nearest to 0. Its double arithmetic only proposes: weights and certificates are verified exactly before they
/// are given out.
/// </summary>
public static class Separability
{
    /// <summary>Multiply-adds of the search when nothing else is said: some ten seconds.</summary>
    public const long DefaultWork = 10_000_000_000;

    // A nearest point this close to 0 may be 0; only the exact certificate says so.
    private const double Near = 1e-6;
    private const int Attempts = 24;

    /// <summary>Separable, not separable, or undecided when the work ran out.</summary>
    /// <param name="inputs">Inputs I.</param>
    /// <param name="rows">[N,I] row-major, finite.</param>
    /// <param name="targets">[N], each +1 or −1, both present.</param>
    /// <param name="work">Most multiply-adds; the answer depends on them and never on the machine's speed.</param>
    /// <param name="cancellation">Ends the search: undecided.</param>
    /// <exception cref="DownhillException">Sizes that do not fit, one class only, a number that is not
    /// finite.</exception>
    public static PerceptronAnswer Decide(
        int inputs, float[] rows, int[] targets, long work = DefaultWork, CancellationToken cancellation = default)
    {
        Check(inputs, rows, targets);
        if (Conflict(inputs, rows, targets) is GordanCertificate conflict) return new NotSeparable(conflict);
        if (work <= 0 || cancellation.IsCancellationRequested) return new Undecided(0, targets.Length, double.NaN);
        (double[] mean, double[] scale) = Columns(inputs, rows, targets.Length);
        int width = inputs + 1;
        double[] signed = new double[targets.Length * width], lengths = new double[targets.Length];
        for (int row = 0; row < targets.Length; row++)
        {
            Span<double> v = signed.AsSpan(row * width, width);
            v[0] = 1;
            for (int i = 0; i < inputs; i++) v[i + 1] = (rows[row * inputs + i] - mean[i]) * scale[i];
            double squares = 0;
            foreach (double value in v) squares += value * value;
            lengths[row] = Math.Sqrt(squares);
            for (int i = 0; i < width; i++) v[i] *= targets[row] / lengths[row];
        }
        HullWalk walk = new(signed, targets.Length, width, work);
        walk.Run(cancellation);
        if (walk.Plane is double[] plane)
        {
            // From the standardised columns back: w·(x − m)·s + b = (w·s)·x + (b − Σ w·s·m).
            double[] weights = new double[width];
            weights[0] = plane[0];
            for (int i = 0; i < inputs; i++)
            {
                weights[i + 1] = plane[i + 1] * scale[i];
                weights[0] -= weights[i + 1] * mean[i];
            }
            if (Verify(inputs, rows, targets, weights) is Separable found)
                return found with { FoundBy = $"Wolfe's nearest point, {walk.Cycles} cycles" };
        }
        if (walk.Distance < Near
            && Certificate(inputs, rows, targets, walk.Corral, work, cancellation) is GordanCertificate proof)
            return new NotSeparable(proof);
        // Rows on lines and planes through one another (the spirals, point by point) leave 0 on a face of the corral,
        // where rounding decides on which side. Around a point p near 0 the walk finds another corral, with luck one
        // around 0 too.
        for (int attempt = 0; attempt < Attempts && walk.Distance < Near && walk.Done < work; attempt++)
        {
            double[] moved = [.. signed];
            RandomStream random = new((ulong)attempt, RandomStreams.Data);
            for (int i = 0; i < moved.Length; i++)
                moved[i] -= 0.01 / (attempt + 1) * random.Normal((ulong)(i % width));
            HullWalk around = new(moved, targets.Length, width, work - walk.Done);
            around.Run(cancellation);
            if (around.Distance < Near
                && Certificate(inputs, rows, targets, around.Corral, work, cancellation) is GordanCertificate other)
                return new NotSeparable(other);
        }
        return new Undecided(0, targets.Length, walk.Distance);
    }

    /// <summary>
    /// Whether these weights have every row strictly on its side. Each field's sign is certain: where the bound of its
    /// rounding error does not settle it, it is worked out in whole numbers.
    /// </summary>
    /// <param name="inputs">I.</param>
    /// <param name="rows">[N,I].</param>
    /// <param name="targets">[N], ±1.</param>
    /// <param name="weights">[I+1], bias first, finite.</param>
    /// <returns>The verified answer with its margin, or null.</returns>
    public static Separable? Verify(int inputs, ReadOnlySpan<float> rows, ReadOnlySpan<int> targets,
        ReadOnlySpan<double> weights)
    {
        foreach (double weight in weights)
            if (!double.IsFinite(weight)) return null;
        double squares = 0, margin = double.PositiveInfinity;
        for (int i = 1; i < weights.Length; i++) squares += weights[i] * weights[i];
        for (int row = 0; row < targets.Length; row++)
        {
            ReadOnlySpan<float> x = rows.Slice(row * inputs, inputs);
            if (Math.Sign(targets[row]) != SignOfField(weights, x, out double field)) return null;
            margin = Math.Min(margin, Math.Abs(field));
        }
        return new([.. weights[1..]], weights[0], margin / Math.Sqrt(squares), "the given weights");
    }

    internal static void Check(int inputs, float[] rows, int[] targets)
    {
        if (inputs < 1) Throw.Input("Perceptron", "at least 1 input", $"{inputs}", "Give it a column.");
        if (rows.LongLength != (long)inputs * targets.Length)
            Throw.Input("Perceptron", $"{(long)inputs * targets.Length} numbers for {targets.Length} rows of {inputs}",
                $"{rows.Length}", "Check the array's length.");
        foreach (float value in rows)
            if (!float.IsFinite(value)) Throw.Input("Perceptron", "finite inputs", Numbers.Text(value),
                "Fill in or leave out such rows.");
        foreach (int target in targets)
            if (target is not (1 or -1)) Throw.Input("Perceptron", "targets of +1 and −1", $"{target}",
                "Code the two classes as +1 and −1.");
        if (!targets.Contains(1) || !targets.Contains(-1))
            Throw.Input("Perceptron", "rows of two classes", targets.Length == 0 ? "no row" : "rows of one class only",
                "There is nothing to separate: check the classes.");
    }

    /// <summary>−1, 0 or +1 of w·x + b, exactly; the field itself as doubles give it.</summary>
    private static int SignOfField(ReadOnlySpan<double> weights, ReadOnlySpan<float> x, out double field)
    {
        double sum = weights[0], size = Math.Abs(weights[0]);
        for (int i = 0; i < x.Length; i++)
        {
            double term = weights[i + 1] * x[i];
            sum += term;
            size += Math.Abs(term);
        }
        field = sum;
        // Higham, Accuracy and Stability, §3.1: the error is at most n·u/(1 − n·u) of the terms' sizes; twice that, and
        // more than what underflow can lose.
        double bound = 2 * (x.Length + 2) * 1.2e-16 * size + 1e-300;
        if (Math.Abs(sum) > bound) return Math.Sign(sum);
        Dyadic exact = Dyadic.Of(weights[0]);
        for (int i = 0; i < x.Length; i++) exact += Dyadic.Of(weights[i + 1]) * Dyadic.Of(x[i]);
        return exact.Mantissa.Sign;
    }

    /// <summary>Two equal rows of different classes: the shortest proof.</summary>
    private static GordanCertificate? Conflict(int inputs, float[] rows, int[] targets)
    {
        Dictionary<int, int> seen = new(new SameRow(inputs, rows));
        for (int row = 0; row < targets.Length; row++)
        {
            if (seen.TryAdd(row, row) || targets[seen[row]] == targets[row]) continue;
            return new([seen[row], row], [BigInteger.One, BigInteger.One]);
        }
        return null;
    }

    private sealed class SameRow(int inputs, float[] rows) : IEqualityComparer<int>
    {
        public bool Equals(int a, int b)
        {
            for (int i = 0; i < inputs; i++)
                if (rows[a * inputs + i] != rows[b * inputs + i]) return false;
            return true;
        }

        public int GetHashCode(int row)
        {
            uint hash = 2166136261;
            for (int i = 0; i < inputs; i++)
                hash = (hash ^ BitConverter.SingleToUInt32Bits(rows[row * inputs + i] + 0f)) * 16777619; // −0 + 0 is 0
            return (int)hash;
        }
    }

    private static (double[] Mean, double[] Scale) Columns(int inputs, float[] rows, int count)
    {
        double[] mean = new double[inputs], squares = new double[inputs];
        for (int row = 0; row < count; row++)
            for (int i = 0; i < inputs; i++)
            {
                double before = rows[row * inputs + i] - mean[i];
                mean[i] += before / (row + 1);
                squares[i] += before * (rows[row * inputs + i] - mean[i]);
            }
        return (mean, [.. squares.Select(s => s > 0 ? 1 / Math.Sqrt(s / count) : 1)]);
    }

    /// <summary>
    /// The exact λ of the rows whose combination nearly vanishes: the null vector of the matrix with columns tᵢ·(1,
    /// xᵢ), by elimination without fractions (Bareiss, Mathematics of Computation 22, 1968), then checked by
    /// <see cref="GordanCertificate.Check"/>, which shares nothing with it.
    /// </summary>
    private static GordanCertificate? Certificate(
        int inputs, float[] rows, int[] targets, int[] corral, long work, CancellationToken cancellation)
    {
        int height = inputs + 1, width = corral.Length;
        BigInteger[][] m = new BigInteger[height][];
        double bits = 0;
        m[0] = [.. corral.Select(row => (BigInteger)targets[row])];
        for (int i = 0; i < inputs; i++)
        {
            Dyadic[] column = [.. corral.Select(row => Dyadic.Of(targets[row] * (double)rows[row * inputs + i]))];
            int least = column.Where(d => !d.Mantissa.IsZero).Select(d => d.Exponent).DefaultIfEmpty(0).Min();
            m[i + 1] = [.. column.Select(d => d.Mantissa.IsZero ? 0 : d.Mantissa << (d.Exponent - least))];
            bits += m[i + 1].Max(b => b.GetBitLength());
        }
        // Entries grow to determinants of up to `bits` bits; a product of two such costs about (bits/64)²
        // multiply-adds.
        double words = 1 + bits / 64;
        if (0.3 * width * width * height * words * words > work) return null;
        List<int> pivots = [];
        BigInteger previous = 1;
        int top = 0;
        for (int column = 0; column < width && top < height; column++)
        {
            if (cancellation.IsCancellationRequested) return null;
            int pivot = top;
            while (pivot < height && m[pivot][column].IsZero) pivot++;
            if (pivot == height) continue;
            (m[top], m[pivot]) = (m[pivot], m[top]);
            for (int i = 0; i < height; i++)
            {
                if (i == top) continue;
                BigInteger factor = m[i][column];
                for (int j = 0; j < width; j++)
                    m[i][j] = (m[top][column] * m[i][j] - factor * m[top][j]) / previous; // divides without a rest
            }
            previous = m[top][column];
            pivots.Add(column);
            top++;
        }
        if (pivots.Count != width - 1) return null; // only a single relation has signs that cannot be chosen
        int free = Enumerable.Range(0, width).First(c => !pivots.Contains(c));
        // After the elimination each pivot row reads previous·λ_pivot + m[·,free]·λ_free = 0.
        BigInteger[] lambda = new BigInteger[width];
        lambda[free] = previous;
        for (int r = 0; r < pivots.Count; r++) lambda[pivots[r]] = -m[r][free];
        if (lambda.Any(l => l.Sign < 0)) lambda = [.. lambda.Select(l => -l)];
        BigInteger divisor = lambda.Aggregate(BigInteger.Zero, BigInteger.GreatestCommonDivisor);
        int[] used = [.. Enumerable.Range(0, width).Where(k => !lambda[k].IsZero).OrderBy(k => corral[k])];
        GordanCertificate proof = new([.. used.Select(k => corral[k])], [.. used.Select(k => lambda[k] / divisor)]);
        return proof.Check(inputs, rows, targets) ? proof : null;
    }

    /// <summary>
    /// Wolfe's walk to the point x of the convex hull nearest to 0. x is held as a convex combination λ of an affinely
    /// independent set of points, the corral.
    /// </summary>
    private sealed class HullWalk(double[] points, int count, int width, long work)
    {
        private readonly List<int> corral = [];
        private readonly List<double> lambda = [];
        private readonly double[] x = new double[width];

        /// <summary>Weights that have every point on the positive side as doubles see it, or null.</summary>
        public double[]? Plane { get; private set; }

        /// <summary>‖x‖.</summary>
        public double Distance { get; private set; } = 1;

        public int Cycles { get; private set; }

        /// <summary>Multiply-adds so far.</summary>
        public long Done { get; private set; }

        public int[] Corral => [.. corral];

        public void Run(CancellationToken cancellation)
        {
            corral.Add(0);
            lambda.Add(1);
            Point(0).CopyTo(x);
            double best = 0;
            while (Done < work && !cancellation.IsCancellationRequested)
            {
                Cycles++;
                double squares = Dot(x, x);
                Distance = Math.Sqrt(squares);
                (int next, double least) = Least();
                if (least / Distance > best)
                {
                    best = least / Distance;
                    Plane = [.. x];
                }
                // Half of the widest margin is enough; a hull that holds 0 ends where rounding does.
                if (least >= 0.5 * squares && least > 0 || least >= squares * (1 - 1e-12) || Distance < 1e-14
                    || corral.Contains(next)) return;
                corral.Add(next);
                lambda.Add(0);
                if (corral.Count <= width + 1 && Settle()) continue;
                Drop(); // the new point, which doubles cannot tell from the corral's affine hull
                return;
            }
        }

        private void Drop()
        {
            for (int k = lambda.Count - 1; k >= 0; k--)
            {
                if (lambda[k] > 1e-14) continue;
                lambda.RemoveAt(k);
                corral.RemoveAt(k);
            }
        }

        /// <summary>Moves x to the nearest point of the corral's affine hull, dropping points that would get a weight
        /// below 0.</summary>
        private bool Settle()
        {
            while (true)
            {
                if (Nearest() is not double[] mu) return false;
                double step = 1;
                int drop = -1;
                for (int k = 0; k < mu.Length; k++)
                {
                    if (mu[k] > 1e-14) continue;
                    double here = lambda[k] / (lambda[k] - mu[k]);
                    if (!(here < step) && drop >= 0) continue;
                    step = Math.Min(step, double.IsNaN(here) ? 0 : here);
                    drop = k;
                }
                for (int k = 0; k < mu.Length; k++) lambda[k] += step * (mu[k] - lambda[k]);
                if (drop < 0) break;
                lambda[drop] = 0;
                Drop();
                if (corral.Count == 0) return false;
            }
            Array.Clear(x);
            for (int k = 0; k < corral.Count; k++)
                for (int i = 0; i < width; i++) x[i] += lambda[k] * points[corral[k] * width + i];
            return true;
        }

        /// <summary>
        /// μ with Σμ = 1 and ‖Σ μₖ·vₖ‖ smallest: y of the least-squares problem [1ᵀ; V]·y ≈ (1, 0, … 0), divided by its
        /// sum (Wolfe, §3). Householder's triangulation, columns in order; null when the points are affinely dependent.
        /// </summary>
        private double[]? Nearest()
        {
            int k = corral.Count, height = width + 1;
            double[][] a = new double[k + 1][];
            for (int c = 0; c < k; c++)
            {
                a[c] = new double[height];
                a[c][0] = 1;
                Point(corral[c]).CopyTo(a[c].AsSpan(1));
            }
            a[k] = new double[height];
            a[k][0] = 1;
            Done += 2L * k * k * height;
            if (k > height) return null;
            for (int c = 0; c < k; c++)
            {
                Span<double> u = a[c].AsSpan(c);
                double length = Math.Sqrt(Dot(u, u));
                if (length < 1e-13) return null;
                double alpha = u[0] > 0 ? -length : length, head = u[0] - alpha;
                double factor = 1 / (-alpha * head); // 2/‖u − αe‖²
                u[0] = head;
                for (int j = c + 1; j <= k; j++)
                {
                    Span<double> other = a[j].AsSpan(c);
                    double reflect = factor * Dot(u, other);
                    for (int i = 0; i < u.Length; i++) other[i] -= reflect * u[i];
                }
                a[c][c] = alpha;
            }
            double[] y = new double[k];
            double sum = 0;
            for (int c = k - 1; c >= 0; c--)
            {
                double value = a[k][c];
                for (int j = c + 1; j < k; j++) value -= a[j][c] * y[j];
                y[c] = value / a[c][c];
                sum += y[c];
            }
            if (!(Math.Abs(sum) > 1e-300) || !double.IsFinite(sum)) return null;
            for (int c = 0; c < k; c++) y[c] /= sum;
            return y;
        }

        private (int Point, double Product) Least()
        {
            int place = 0;
            double least = double.PositiveInfinity;
            for (int p = 0; p < count; p++)
            {
                double product = Dot(x, Point(p));
                if (!(product < least)) continue;
                (place, least) = (p, product);
            }
            Done += (long)count * width;
            return (place, least);
        }

        private ReadOnlySpan<double> Point(int index) => points.AsSpan(index * width, width);

        private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
        {
            double sum = 0;
            for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
            return sum;
        }
    }
}
