using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

/// <summary>The combinations that this machine can run in hardware.</summary>
public static class Every
{
    public static TheoryData<SimdWidth, Arithmetic> WidthAndArithmetic()
    {
        TheoryData<SimdWidth, Arithmetic> data = [];
        foreach (SimdWidth width in SimdWidths.Supported)
        {
            data.Add(width, Arithmetic.Fast);
            data.Add(width, Arithmetic.Portable);
        }
        return data;
    }
}
