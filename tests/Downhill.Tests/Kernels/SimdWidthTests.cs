using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed class SimdWidthTests
{
    [Theory]
    [InlineData("avx")]
    [InlineData("64")]
    [InlineData("1024")]
    public void AnUnknownWordIsRefusedWithTheAllowedOnes(string text)
    {
        DownhillException refusal = Assert.Throws<DownhillException>(() => SimdWidths.Parse(text));
        Assert.Contains("DOWNHILL_SIMD", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
        foreach (SimdWidth width in SimdWidths.Supported)
        {
            Assert.Contains(SimdWidths.Name(width), refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EverySupportedWidthCanBeNamed()
    {
        foreach (SimdWidth width in SimdWidths.Supported)
        {
            Assert.Equal(width, SimdWidths.Parse(SimdWidths.Name(width)));
            Assert.Equal(width, Kernels<float>.For(Arithmetic.Fast, width).Width);
        }
        Assert.Equal(SimdWidth.Scalar, SimdWidths.Parse(" Scalar "));
    }

    [Fact]
    public void WithoutAWordTheWidestIsTaken()
    {
        Assert.Equal(SimdWidths.Supported.Max(), SimdWidths.Parse(null));
        Assert.Equal(SimdWidths.Supported.Max(), SimdWidths.Parse(""));
    }

    [Fact]
    public void AWidthThatTheMachineLacksIsRefused() =>
        Assert.Throws<DownhillException>(() => Kernels<double>.For(Arithmetic.Portable, (SimdWidth)64));
}
