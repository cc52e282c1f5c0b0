"""What a crime costs: the tables that ship, those a user holds, prices of other years, and the worth of an offence."""
