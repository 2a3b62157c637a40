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

    /// <summary>cost[lane] = Σ share·(top − score + logSum), the cross-entropy of a row whose largest score is top; and
    /// squares[lane] = Σ(y − t)², unless squares are null. A share of 0 adds 0 (0·∞ is 0 here: a class that is not
    /// wanted costs nothing by itself), a score that is the largest is 0 below it (∞ − ∞). NaN where top is. The
    /// columns of share lie distance apart, those of score, y and t stride.</summary>
    public static void CrossEntropy(T* share, nint distance, T* score, T* top, T* logSum, T* y, T* t, nint stride,
        int columns, double* cost, double* squares, int lanes)
    {
        int lane = 0;
        for (; IsVector && lane <= lanes - Step; lane += Step)
        {
            Vector256<double> most = Load(top + lane), log = Load(logSum + lane), square = Vector256<double>.Zero;
            Vector256<double> isNumber = Vector256.Equals(most, most);
            Vector256<double> sum = Vector256.ConditionalSelect(isNumber, square, most);
            T* own = score + lane, wanted = share + lane, answer = y + lane, target = t + lane;
            for (int j = 0; j < columns; j++)
            {
                Vector256<double> part = Load(wanted), value = Load(own);
                Vector256<double> below = Vector256.AndNot(most - value, Vector256.Equals(value, most));
                Vector256<double> term = part * (below + log);
                sum += Vector256.AndNot(term, Vector256.Equals(part, Vector256<double>.Zero));
                Vector256<double> error = Load(answer) - Load(target);
                square += error * error;
                own += stride;
                wanted += distance;
                answer += stride;
                target += stride;
            }
            sum.Store(cost + lane);
            if (squares != null) square.Store(squares + lane);
        }
        for (; lane < lanes; lane++)
        {
            double most = double.CreateTruncating(top[lane]), log = double.CreateTruncating(logSum[lane]);
            double sum = double.IsNaN(most) ? double.NaN : 0, square = 0;
            for (int j = 0; j < columns; j++)
            {
                double part = double.CreateTruncating(share[lane + j * distance]);
                double own = double.CreateTruncating(score[lane + j * stride]);
                if (part != 0) sum += part * ((own == most ? 0 : most - own) + log);
                double error = double.CreateTruncating(y[lane + j * stride])
                    - double.CreateTruncating(t[lane + j * stride]);
                square += error * error;
            }
            cost[lane] = sum;
            if (squares != null) squares[lane] = square;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Load(T* from) =>
        typeof(T) == typeof(float)
            ? Avx.ConvertToVector256Double(Vector128.Load((float*)from))
            : Vector256.Load((double*)from);
}
