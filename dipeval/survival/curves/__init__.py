"""Step functions of time: free of reoffending, causes, mean counts, and the area under them."""
