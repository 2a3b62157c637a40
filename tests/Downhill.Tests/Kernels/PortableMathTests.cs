using CsCheck;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed class PortableMathTests
{
    [Fact]
    public void PowKeepsItsBound()
    {
        Random random = new(5);
        for (int i = 0; i < 4000; i++)
        {
            double x = Math.Exp((random.NextDouble() - 0.5) * (i % 2 == 0 ? 4 : 200));
            double y = (random.NextDouble() - 0.5) * (i % 2 == 0 ? 300 : 10);
            double error = Real.Exp((Real)y * Real.Log(x)).UlpsFrom(PortableMath.Pow(x, y));
            Assert.True(error <= 1.3, $"{x:R}^{y:R}: {error} ulp");
        }
    }

    [Theory]
    [InlineData(double.NaN, 0.0, 1.0)]
    [InlineData(1.0, double.NaN, 1.0)]
    [InlineData(double.NaN, 1.0, double.NaN)]
    [InlineData(2.0, double.NaN, double.NaN)]
    [InlineData(-8.0, 3.0, -512.0)]
    [InlineData(-2.0, -3.0, -0.125)]
    [InlineData(-2.0, 4.0, 16.0)]
    [InlineData(-2.0, 0.5, double.NaN)]
    [InlineData(0.0, 3.0, 0.0)]
    [InlineData(0.0, -1.0, double.PositiveInfinity)]
    [InlineData(0.5, double.PositiveInfinity, 0.0)]
    [InlineData(0.5, double.NegativeInfinity, double.PositiveInfinity)]
    [InlineData(-1.0, double.PositiveInfinity, 1.0)]
    [InlineData(double.NegativeInfinity, 3.0, double.NegativeInfinity)]
    [InlineData(double.NegativeInfinity, -3.0, -0.0)]
    [InlineData(10.0, 400.0, double.PositiveInfinity)]
    [InlineData(1.7, 1338.0, double.PositiveInfinity)]
    [InlineData(10.0, -400.0, 0.0)]
    [InlineData(10.0, 22.0, 1e22)]
    [InlineData(2.0, -1074.0, double.Epsilon)]
    [InlineData(double.Epsilon, 1.0, double.Epsilon)]
    public void PowHasTheSpecialCasesOfC(double x, double y, double expected) =>
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(PortableMath.Pow(x, y)));

    [Theory]
    [InlineData(3.0, -0.0)]
    [InlineData(2.0, 0.0)]
    [InlineData(-1.0, double.NegativeInfinity)]
    [InlineData(-2.0, double.PositiveInfinity)]
    [InlineData(0.5, 0.0)]
    public void PowersOfMinusZeroAreThoseOfC(double y, double expected) => PowHasTheSpecialCasesOfC(-0.0, y, expected);

    [Fact]
    public void PowIntMultipliesOut()
    {
        Assert.Equal(1.0, PortableMath.PowInt(0.0, 0));
        Assert.Equal(1024.0, PortableMath.PowInt(2.0, 10));
        Assert.Equal(-27.0, PortableMath.PowInt(-3.0, 3));
        Assert.Equal(0.125, PortableMath.PowInt(2.0, -3));
        Assert.Equal(1.0, PortableMath.PowInt(-1.0, long.MinValue));
        Gen.Select(Gen.Double[0.9, 1.1], Gen.Int[-300, 300]).Sample((x, n) =>
        {
            double pow = PortableMath.Pow(x, n);
            Assert.Equal(pow, PortableMath.PowInt(x, n), pow * 1e-13);
        });
    }

    [Fact]
    public void TheBitsNeverChange()
    {
        // These bits are promised for every machine, the browser included. If this fails, saved results no longer
        // reproduce.
        ulong hash = 14695981039346656037UL;
        void Add(double value)
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(value);
            for (int i = 0; i < 64; i += 8) { hash = (hash ^ ((bits >> i) & 0xFF)) * 1099511628211UL; }
        }
        for (int i = -400; i <= 400; i++)
        {
            double x = i * 0.0371;
            Add(PortableMath.Exp(x));
            Add(PortableMath.Log(Math.Abs(x) + 1e-9));
            Add(PortableMath.Log1P(Math.Abs(x)));
            Add(PortableMath.Sin(x * 100));
            Add(PortableMath.Cos(x * 100));
            Add(PortableMath.Tanh(x));
            Add(PortableMath.Sigmoid(x));
            Add(PortableMath.Softplus(x));
            Add(PortableMath.Erf(x));
            Add(PortableMath.Pow(Math.Abs(x) + 0.1, x));
        }
        Assert.Equal("f2bba3023592418f", hash.ToString("x16"));
    }
}
