"""What the Python tests share: a Spark session, the binary's runner, readers of exports, row comparison."""
