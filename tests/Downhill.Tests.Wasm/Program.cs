using Downhill.Checks;

return EngineChecks.RunAll(Console.Out, [.. OnnxChecks.All, PlaygroundChecks.Check]);
