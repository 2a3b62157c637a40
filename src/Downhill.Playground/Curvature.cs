namespace Downhill.Playground;

/// <summary>
/// The mean loss of the training rows as a function of some weights, in double, with its gradient and its curvature
/// (lecture L10, L14). It works on a copy and never touches the run.
/// </summary>
internal sealed class Curvature : IDisposable
{
    /// <summary>Most weights of a Hessian, and most rows it is taken over.</summary>
    public const int MostWeights = 64, MostRows = 2000;

    /// <summary>Central differences of the gradient: their error is about h²/6 of the fourth derivative.</summary>
    private const double H = 1e-4;

    private readonly Derivatives derivatives;
    private readonly int[] rows;

    /// <param name="run">Gives network, weights and rows.</param>
    /// <param name="places">The weights that are free, as places in the flat parameters.</param>
    public Curvature(Run run, int[] places)
    {
        rows = run.Fit.Rows[..Math.Min(MostRows, run.Fit.Rows.Length)];
        derivatives = new(run, rows.Length);
        Places = places;
    }

    /// <summary>The free weights.</summary>
    public int[] Places { get; }

    /// <summary>All weights, for setting some before a measurement.</summary>
    public Span<double> Weights => derivatives.Parameters.Span;

    /// <summary>Mean loss at the present weights.</summary>
    public double Loss() => derivatives.Loss(rows) / rows.Length;

    /// <summary>Mean loss, and the gradient by the free weights.</summary>
    public double LossAndGradient(Span<double> gradient)
    {
        double loss = derivatives.LossAndGradient(rows) / rows.Length;
        for (int i = 0; i < Places.Length; i++) gradient[i] = derivatives.Gradient[Places[i]] / rows.Length;
        return loss;
    }

    /// <summary>Second derivatives by the free weights, [n, n], symmetric.</summary>
    public double[,] Hessian()
    {
        int n = Places.Length;
        double[,] hessian = new double[n, n];
        double[] up = new double[n], down = new double[n];
        for (int i = 0; i < n; i++)
        {
            double at = Weights[Places[i]];
            Weights[Places[i]] = at + H;
            LossAndGradient(up);
            Weights[Places[i]] = at - H;
            LossAndGradient(down);
            Weights[Places[i]] = at;
            for (int k = 0; k < n; k++) hessian[i, k] = (up[k] - down[k]) / (2 * H);
        }
        for (int i = 0; i < n; i++)
            for (int k = 0; k < i; k++) hessian[i, k] = hessian[k, i] = (hessian[i, k] + hessian[k, i]) / 2;
        return hessian;
    }

    /// <summary>
    /// Eigenvalues of a symmetric matrix, the smallest first, and its eigenvectors as columns: cyclic Jacobi rotations
    /// (Golub, Van Loan, Matrix Computations, §8.5).
    /// </summary>
    public static (double[] Values, double[,] Vectors) Eigen(double[,] symmetric)
    {
        int n = symmetric.GetLength(0);
        double[,] a = (double[,])symmetric.Clone(), v = new double[n, n];
        for (int i = 0; i < n; i++) v[i, i] = 1;
        for (int sweep = 0; sweep < 60 && OffDiagonal(a) > 1e-26 * Squares(a); sweep++)
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p, q] != 0) Rotate(a, v, p, q);
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => a[i, i])];
        double[,] sorted = new double[n, n];
        for (int i = 0; i < n; i++)
            for (int k = 0; k < n; k++) sorted[i, k] = v[i, order[k]];
        return ([.. order.Select(i => a[i, i])], sorted);
    }

    /// <summary>
    /// What a place is: on a <c>slope</c> while the gradient is not small; else a <c>minimum</c> where it is curved
    /// upwards in every direction, a <c>valley</c> where some directions are flat, a <c>saddle</c> where one goes down,
    /// a <c>maximum</c>, or a <c>plateau</c> where nothing is curved.
    /// </summary>
    /// <param name="gradient">Norm of the gradient.</param>
    /// <param name="eigenvalues">Of the Hessian.</param>
    public static string KindOf(double gradient, IReadOnlyList<double> eigenvalues)
    {
        const double Flat = 1e-2, Still = 1e-3, Sure = 0.01;
        double largest = eigenvalues.Max(Math.Abs);
        if (largest < Flat) return gradient < 10 * Still ? "plateau" : "slope";
        if (gradient >= Still) return "slope";
        int up = eigenvalues.Count(value => value > Sure * largest),
            down = eigenvalues.Count(value => value < -Sure * largest);
        return down == eigenvalues.Count ? "maximum" : down > 0 ? "saddle" : up == eigenvalues.Count ? "minimum"
            : "valley";
    }

    public void Dispose() => derivatives.Dispose();

    private static double OffDiagonal(double[,] a)
    {
        double sum = 0;
        for (int i = 0; i < a.GetLength(0); i++)
            for (int k = 0; k < i; k++) sum += a[i, k] * a[i, k];
        return sum;
    }

    private static double Squares(double[,] a) => a.Cast<double>().Sum(value => value * value);

    /// <summary>Makes a[p, q] zero by a rotation of rows and columns p and q.</summary>
    private static void Rotate(double[,] a, double[,] v, int p, int q)
    {
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        double c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        int n = a.GetLength(0);
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
        for (int k = 0; k < n; k++) (v[k, p], v[k, q]) = (c * v[k, p] - s * v[k, q], s * v[k, p] + c * v[k, q]);
    }
}
