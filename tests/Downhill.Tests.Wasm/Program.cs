using Downhill.Checks;

return EngineChecks.RunAll(Console.Out, PlaygroundChecks.Check);
