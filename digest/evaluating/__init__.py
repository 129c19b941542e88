"""How good the order is: measures, plain orders to beat, and cases to try them on. Nothing here sends or stores."""
