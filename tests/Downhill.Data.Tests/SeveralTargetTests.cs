using Xunit;

namespace Downhill.Data.Tests;

/// <summary>Several target columns: classes, labels, numbers, and what is none of them.</summary>
public sealed class SeveralTargetTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private DataReading Reading(string text, string target = "a,b", TableTask? task = null) =>
        CsvReader.Read(scratch.Text("table.csv", text), new() { Target = target, Task = task });

    private string Refused(string text, string target = "a,b", TableTask? task = null) =>
        Assert.Throws<DownhillException>(() => Reading(text, target, task)).Message;

    [Theory]
    [InlineData("x,a,b\n1,0,1\n2,1,1\n3,0,0\n")]
    [InlineData("x,a,b\n1,no,yes\n2,yes,yes\n3,no,no\n")]
    [InlineData("x,a,b\n1,False,TRUE\n2,true,True\n3,FALSE,false\n")]
    [InlineData("x,a,b\n1,n,t\n2,Y,T\n3,0,F\n")]
    [InlineData("a,x,b\n0,1,yes\n1,2,yes\n0,3,no\n")]
    public void ColumnsOfYesAndNoAreLabels(string text)
    {
        DataReading reading = Reading(text);
        Assert.Equal(["a", "b"], reading.Data.Target.Names);
        Assert.True(reading.Data.Target.IsMultiLabel);
        Assert.False(reading.Data.Target.IsClass);
        Assert.Equal([0, 1, 1, 1, 0, 0], reading.Data.Values);
        Assert.Contains("(2 labels)", reading.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void OneYesInEveryRowIsAClassUnlessLabelsAreAskedFor()
    {
        const string text = "x,a,b\n1,0,1\n2,1,0\n";
        Assert.Equal(["a", "b"], Reading(text).Data.Target.Classes);
        Assert.Equal([1, 0], Reading(text, task: TableTask.Classify).Data.Classes);
        Target labels = Reading(text, task: TableTask.Labels).Data.Target;
        Assert.True(labels.IsMultiLabel);
        Assert.False(labels.IsClass);
    }

    [Fact]
    public void NumbersAreNumbersAlsoWhereTheyAreZeroAndOneIfAskedFor()
    {
        Assert.True(Reading("x,a,b\n1,0,1\n2,1,2\n").Data.Target.IsNumeric);
        Assert.True(Reading("x,a,b\n1,0,1\n2,1,1\n", task: TableTask.Regress).Data.Target.IsNumeric);
        Assert.Contains("--task labels", Refused("x,a,b\n1,0,1\n2,1,1\n", task: TableTask.Classify),
            StringComparison.Ordinal);
    }

    [Fact]
    public void OneColumnCanBeALabelToo() =>
        Assert.Equal([0, 1], Reading("x,a\n1,no\n2,yes\n", "a", TableTask.Labels).Data.Values);

    [Theory]
    [InlineData("x,a,b\n1,yes,3.5\n", "line 2, column 'b'", "'3.5'")]
    [InlineData("x,a,b\n1,0,2\n2,yes,1\n", "line 3, column 'a'", "'yes'")]
    [InlineData("x,a,b\n1,1,0\n2,1,red\n", "line 3, column 'b'", "'red'")]
    [InlineData("x,a,b\n1,1,0\n2,,1\n", "line 3, column 'a'", "an empty field")]
    [InlineData("x,a,b\n1,1,0\n2,1,NA\n", "line 3, column 'b'", "'NA', a missing value")]
    public void WhatIsMixedOrMissingIsRefusedWithItsPlace(string text, string place, string got)
    {
        string message = Refused(text);
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains($"got {got}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherNumbersThanZeroAndOneAreNoLabels() =>
        Assert.Contains("'2'", Refused("x,a,b\n1,0,2\n", task: TableTask.Labels), StringComparison.Ordinal);

    /// <summary>A file for a model says labels also where every row has one.</summary>
    [Fact]
    public void AModelOfLabelsReadsLabels()
    {
        Target target = new(["a", "b"], []) { IsMultiLabel = true };
        string path = scratch.Text("more.csv", "b,x,a\nyes,1,no\n0,2,1\n");
        Dataset data = CsvReader.Read(path, [new("x")], target, needTarget: true).Data;
        Assert.True(data.Target.IsMultiLabel);
        Assert.Equal([0, 1, 1, 0], data.Values);
        Assert.Contains("yes or no", Assert.Throws<DownhillException>(() => CsvReader.Read(
            scratch.Text("bad.csv", "b,x,a\n3,1,0\n"), [new("x")], target, needTarget: true)).Message,
            StringComparison.Ordinal);
    }
}
