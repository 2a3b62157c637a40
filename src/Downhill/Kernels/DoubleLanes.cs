using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Downhill.Kernels;

/// <summary>
/// What is kept in double of numbers of T: the rows' losses and squared errors. Four at a time where the processor has
/// the vectors, one by one elsewhere, with the same bits.
/// </summary>
internal static unsafe class DoubleLanes<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Step = 4;

    private static bool IsVector => Avx.IsSupported && (typeof(T) == typeof(float) || typeof(T) == typeof(double));

    /// <summary>to[lane] = from[lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(T* from, double* to, int lanes)
    {
        int lane = 0;
        for (; Avx512F.IsSupported && typeof(T) == typeof(float) && lane <= lanes - 2 * Step; lane += 2 * Step)
            Avx512F.ConvertToVector512Double(Vector256.Load((float*)(from + lane))).Store(to + lane);
        for (; IsVector && lane <= lanes - Step; lane += Step) Load(from + lane).Store(to + lane);
        for (; lane < lanes; lane++) to[lane] = double.CreateTruncating(from[lane]);
    }

    /// <summary>to[lane] += from[lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(T* from, double* to, int lanes)
    {
        int lane = 0;
        for (; IsVector && lane <= lanes - Step; lane += Step)
            (Vector256.Load(to + lane) + Load(from + lane)).Store(to + lane);
        for (; lane < lanes; lane++) to[lane] += double.CreateTruncating(from[lane]);
    }

    /// <summary>Sum of whole numbers, whose order does not show.</summary>
    public static double SumOfWholes(double* numbers, nint length)
    {
        double sum = 0;
        nint i = 0;
        if (IsVector)
        {
            Vector256<double> sums = Vector256<double>.Zero;
            for (; i <= length - Step; i += Step) sums += Vector256.Load(numbers + i);
            sum = Vector256.Sum(sums);
        }
        for (; i < length; i++) sum += numbers[i];
        return sum;
    }

    /// <summary>squares[i] = (y[i] − t[i])².</summary>
    public static void SquaredErrors(T* y, T* t, double* squares, int length)
    {
        int i = 0;
        for (; IsVector && i <= length - Step; i += Step)
        {
            Vector256<double> error = Load(y + i) - Load(t + i);
            (error * error).Store(squares + i);
        }
        for (; i < length; i++)
        {
            double error = double.CreateTruncating(y[i]) - double.CreateTruncating(t[i]);
            squares[i] = error * error;
        }
    }

    /// <summary>cost[lane] += share·(top − score + logSum), what a class adds to the cross-entropy of a row whose
    /// largest score is top. A share of 0 adds 0 (0·∞ is 0 here: a class that is not wanted costs nothing by itself), a
    /// score that is the largest is 0 below it (∞ − ∞).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddCrossEntropy(T* share, T* score, T* top, T* logSum, double* cost, int lanes)
    {
        int lane = 0;
        for (; IsVector && lane <= lanes - Step; lane += Step)
        {
            Vector256<double> wanted = Load(share + lane), own = Load(score + lane), most = Load(top + lane);
            Vector256<double> below = Vector256.AndNot(most - own, Vector256.Equals(own, most));
            Vector256<double> term = wanted * (below + Load(logSum + lane));
            term = Vector256.AndNot(term, Vector256.Equals(wanted, Vector256<double>.Zero));
            (Vector256.Load(cost + lane) + term).Store(cost + lane);
        }
        for (; lane < lanes; lane++)
        {
            if (share[lane] == T.Zero) continue;
            double most = double.CreateTruncating(top[lane]), own = double.CreateTruncating(score[lane]);
            cost[lane] += double.CreateTruncating(share[lane])
                * ((own == most ? 0 : most - own) + double.CreateTruncating(logSum[lane]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Load(T* from) =>
        typeof(T) == typeof(float)
            ? Avx.ConvertToVector256Double(Vector128.Load((float*)from))
            : Vector256.Load((double*)from);
}
