namespace Downhill.Tests.UpdateRules;

/// <summary>What a transcription sees of a step.</summary>
internal readonly record struct Moment(int T, double W, double G, double Eta, bool Rose);

/// <summary>
/// The update rules as their papers write them, for one parameter, in plain double and with nothing of the engine: each
/// makes a fresh parameter's memory and returns its step w(t) → w(t+1). One entry per rule of the catalog.
/// </summary>
internal static class Transcriptions
{
    public static Func<Moment, double> Of(string name, double[] p) => name switch
    {
        "gradient_descent" => s => s.W - s.Eta * s.G,
        "momentum" => Polyak(p[0]),
        "nesterov" => Sutskever(p[0]),
        "adagrad" => Duchi(p[0], p[1]),
        "rmsprop" => Tieleman(p[0], p[1]),
        "adadelta" => Zeiler(p[0], p[1]),
        "adam" => Kingma(p[0], p[1], p[2], 0),
        "adamw" => Kingma(p[0], p[1], p[2], 0.01),
        "nadam" => Dozat(p[0], p[1], p[2], p[3]),
        "amsgrad" => Reddi(p[0], p[1], p[2]),
        "lion" => Chen(p[0], p[1]),
        "rprop_plus" => Igel(1, p),
        "rprop_minus" => Igel(2, p),
        "irprop_plus" => Igel(3, p),
        "irprop_minus" => Igel(4, p),
        _ => throw new NotSupportedException($"'{name}' has no transcription of its paper yet: write one here."),
    };

    private static Func<Moment, double> Polyak(double gamma)
    {
        double before = double.NaN; // x(k+1) = x(k) − α·g + β·(x(k) − x(k−1)); the lecture's v is x(k) − x(k−1)
        return s =>
        {
            double next = s.W - s.Eta * s.G + (double.IsNaN(before) ? 0 : gamma * (s.W - before));
            before = s.W;
            return next;
        };
    }

    /// <summary>Equations 3 and 4 with θ and v; what the engine keeps is the point of the gradient, θ + μ·v.</summary>
    private static Func<Moment, double> Sutskever(double mu)
    {
        double theta = double.NaN, v = 0;
        return s =>
        {
            if (s.T == 1) theta = s.W;
            Assert.Equal(theta + mu * v, s.W, 1e-12);
            v = mu * v - s.Eta * s.G;
            theta += v;
            return theta + mu * v;
        };
    }

    private static Func<Moment, double> Duchi(double initial, double delta)
    {
        List<double> gradients = [];
        return s =>
        {
            gradients.Add(s.G);
            return s.W - s.Eta / (delta + Math.Sqrt(initial + gradients.Sum(g => g * g))) * s.G;
        };
    }

    private static Func<Moment, double> Tieleman(double rho, double epsilon)
    {
        double meanSquare = 0;
        return s =>
        {
            meanSquare = rho * meanSquare + (1 - rho) * Math.Pow(s.G, 2);
            return s.W - s.Eta * s.G / (Math.Sqrt(meanSquare) + epsilon);
        };
    }

    private static Func<Moment, double> Zeiler(double rho, double epsilon)
    {
        double g2 = 0, x2 = 0;
        double Rms(double mean) => Math.Sqrt(mean + epsilon);
        return s =>
        {
            g2 = rho * g2 + (1 - rho) * s.G * s.G;
            double deltaX = -Rms(x2) / Rms(g2) * s.G;
            x2 = rho * x2 + (1 - rho) * deltaX * deltaX;
            return s.W + s.Eta * deltaX;
        };
    }

    private static Func<Moment, double> Kingma(double beta1, double beta2, double epsilon, double lambda)
    {
        double m = 0, v = 0;
        return s =>
        {
            m = beta1 * m + (1 - beta1) * s.G;
            v = beta2 * v + (1 - beta2) * s.G * s.G;
            double mHat = m / (1 - Math.Pow(beta1, s.T)), vHat = v / (1 - Math.Pow(beta2, s.T));
            return s.W - s.Eta * (mHat / (Math.Sqrt(vHat) + epsilon) + lambda * s.W);
        };
    }

    /// <summary>Algorithm 2. <paramref name="asDebianTorch"/>: PyTorch's form, with β₁ in m, and with the factor μ(t)
    /// that version 1.13 has once too often in Πμ(t+1).</summary>
    public static Func<Moment, double> Dozat(
        double beta1, double nu, double epsilon, double psi, bool asDebianTorch = false)
    {
        double m = 0, n = 0;
        double Mu(int t) => beta1 * (1 - 0.5 * Math.Pow(0.96, t * psi));
        double Product(int last) => Enumerable.Range(1, last).Aggregate(1.0, (product, i) => product * Mu(i));
        return s =>
        {
            double mu = Mu(s.T), kept = asDebianTorch ? beta1 : mu;
            m = kept * m + (1 - kept) * s.G;
            n = nu * n + (1 - nu) * s.G * s.G;
            double next = Product(s.T + 1) * (asDebianTorch ? mu : 1);
            double mHat = Mu(s.T + 1) * m / (1 - next) + (1 - mu) * s.G / (1 - Product(s.T));
            double nHat = n / (1 - Math.Pow(nu, s.T));
            return s.W - s.Eta / (Math.Sqrt(nHat) + epsilon) * mHat;
        };
    }

    private static Func<Moment, double> Reddi(double beta1, double beta2, double epsilon)
    {
        double m = 0, v = 0;
        List<double> all = [];
        return s =>
        {
            m = beta1 * m + (1 - beta1) * s.G;
            all.Add(v = beta2 * v + (1 - beta2) * s.G * s.G);
            double mHat = m / (1 - Math.Pow(beta1, s.T)), vHat = all.Max() / (1 - Math.Pow(beta2, s.T));
            return s.W - s.Eta * mHat / (Math.Sqrt(vHat) + epsilon);
        };
    }

    private static Func<Moment, double> Chen(double beta1, double beta2)
    {
        double m = 0;
        return s =>
        {
            double c = beta1 * m + (1 - beta1) * s.G;
            m = beta2 * m + (1 - beta2) * s.G;
            return s.W - s.Eta * Math.Sign(c);
        };
    }

    /// <summary>Igel and Hüsken 2003, algorithms 1 (Rprop+), 2 (Rprop−), 3 (iRprop+), 4 (iRprop−), line by
    /// line.</summary>
    private static Func<Moment, double> Igel(int algorithm, double[] p)
    {
        (double delta, double etaPlus, double etaMinus, double deltaMin, double deltaMax) =
            (p[0], p[1], p[2], p[3], p[4]);
        double before = 0, deltaW = 0;
        return s =>
        {
            double w = s.W, g = s.G;
            if (before * g > 0)
            {
                delta = Math.Min(delta * etaPlus, deltaMax);
                deltaW = -Math.Sign(g) * delta * s.Eta;
                w += deltaW;
                before = g;
            }
            else if (before * g < 0)
            {
                delta = Math.Max(delta * etaMinus, deltaMin);
                switch (algorithm)
                {
                    case 1:
                        w -= deltaW;
                        before = 0;
                        break;
                    case 2:
                        w -= Math.Sign(g) * delta * s.Eta;
                        before = g;
                        break;
                    case 3:
                        if (s.Rose) w -= deltaW;
                        before = 0;
                        break;
                    default:
                        before = 0;
                        break;
                }
            }
            else
            {
                deltaW = -Math.Sign(g) * delta * s.Eta;
                w += deltaW;
                before = g;
            }
            return w;
        };
    }
}
