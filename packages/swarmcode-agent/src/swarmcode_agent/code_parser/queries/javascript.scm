; What only JavaScript's grammar has; ecmascript.scm comes first.

(field_definition
  property: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(class_heritage (_) @base)
(jsx_text) @text
(method_definition (decorator) @decorator)
