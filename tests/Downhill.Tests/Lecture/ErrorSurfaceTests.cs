using Downhill.Tests.Training;

namespace Downhill.Tests.Lecture;

/// <summary>The cost over two weights (L10).</summary>
public sealed class ErrorSurfaceTests
{
    public static TheoryData<string, int> Networks => new() { { "tanh", 1 }, { "relu", 2 }, { "sigmoid", 3 } };

    [Theory, MemberData(nameof(Networks))]
    public void Grid_has_the_bits_of_direct_evaluation(string activation, int seed)
    {
        Dataset data = Dataset.Load("moons");
        Model model = Model.Fit(data, new() { Hidden = [4, 3], Activation = [Catalog.Default.Activation(activation)], Epochs = 2, Seed = (ulong)seed }).Model;
        int first = ErrorSurface.PlaceOf(model.Spec, 0, 1, 2), second = ErrorSurface.PlaceOf(model.Spec, 1, -1, 0);
        ErrorSurface surface = new(model, data, first, second);
        float[] a = ErrorSurface.Range(-2, 2, 5), b = ErrorSurface.Range(-1, 3, 4);
        double[,] grid = surface.Grid(a, b, TestContext.Current.CancellationToken);
        for (int i = 0; i < a.Length; i++)
            for (int j = 0; j < b.Length; j++)
            {
                AlignedBuffer<float> parameters = new(model.Spec.ParameterLength), none = new(model.Spec.BufferLength);
                model.Parameters.CopyTo(parameters.Span);
                (parameters.Span[first], parameters.Span[second]) = (a[i], b[j]);
                Model direct = new(model.Spec, model.Preparation, model.Loss, parameters, none, model.Arithmetic);
                Assert.Equal(direct.Evaluate(data).Loss, grid[i, j]);
            }
        Assert.Equal(model.Evaluate(data).Loss, surface.Cost(surface.Start.First, surface.Start.Second));
    }

    [Fact]
    public void Rows_can_be_chosen_and_ranges_have_both_ends()
    {
        Dataset data = Runs.Numbers(20, 2);
        Model model = Model.Fit(data, new() { Hidden = [3], Epochs = 1, TestShare = 0 }).Model;
        ErrorSurface some = new(model, data, 0, 1, [3, 4]);
        Assert.Equal(model.Evaluate(data, [3, 4]).Loss, some.Cost(some.Start.First, some.Start.Second));
        Assert.Equal([-1f, 0, 1], ErrorSurface.Range(-1, 1, 3));
    }

    [Fact]
    public void Places_that_hold_no_weight_are_refused()
    {
        Dataset data = Runs.Numbers(20, 2);
        Model model = Model.Fit(data, new() { Hidden = [3], Epochs = 1, Masks = [new(2, 3, [true, true, false, true, true, true])] }).Model;
        Assert.Throws<DownhillException>(() => new ErrorSurface(model, data, 0, 0));
        Assert.Throws<DownhillException>(() => new ErrorSurface(model, data, 0, -1));
        Assert.Throws<DownhillException>(() => new ErrorSurface(model, data, 0, 6));     // padding behind the 2×3 weights
        Assert.Throws<DownhillException>(() => new ErrorSurface(model, data, 0, 2));     // an absent link
        Assert.Throws<DownhillException>(() => ErrorSurface.PlaceOf(model.Spec, 0, 0, 2));
        Assert.Throws<DownhillException>(() => ErrorSurface.PlaceOf(model.Spec, 0, 0, 3));
        Assert.Throws<DownhillException>(() => ErrorSurface.PlaceOf(model.Spec, 2, 0, 0));
        Assert.Equal(5, ErrorSurface.PlaceOf(model.Spec, 0, 1, 2));
    }
}
