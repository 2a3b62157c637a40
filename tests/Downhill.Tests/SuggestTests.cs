using Xunit;

namespace Downhill.Tests;

public sealed class SuggestTests
{
    private static readonly string[] Names =
        ["tanh", "sigmoid", "leaky_relu", "relu", "softmax", "identity", "breast_cancer"];

    [Theory]
    [InlineData("tahn", "tanh")]
    [InlineData("TANH", "tanh")]
    [InlineData("sigmiod", "sigmoid")]
    [InlineData("sigmoïd", "sigmoid")]
    [InlineData("leaky-relu", "leaky_relu")]
    [InlineData("reul", "relu")]
    [InlineData("soft", "softmax")]
    [InlineData("cancer", "breast_cancer")]
    public void TheNearestNameIsFound(string typed, string meant)
    {
        Assert.Equal(meant, Suggest.Nearest(typed, Names));
        Assert.Equal($"Did you mean '{meant}'?", Suggest.DidYouMean(typed, Names));
    }

    [Theory]
    [InlineData("xyzzy")]
    [InlineData("")]
    [InlineData("adam")]
    public void NothingIsSuggestedWhenNothingIsNear(string typed)
    {
        Assert.Null(Suggest.Nearest(typed, Names));
        Assert.Equal("Check the spelling.", Suggest.DidYouMean(typed, Names));
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ab", "ba", 1)]
    [InlineData("abcd", "badc", 2)]
    [InlineData("ca", "abc", 3)]
    public void DistanceCountsEditsAndSwaps(string a, string b, int distance) =>
        Assert.Equal(distance, Suggest.Distance(a, b));
}
