"""What a test that is sometimes wrong says of how many had used drugs."""
