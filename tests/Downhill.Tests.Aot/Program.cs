return Downhill.Checks.EngineChecks.Run(Console.Out);
