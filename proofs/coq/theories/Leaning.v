(** One stage with a follower who looks ahead: bounds that lean on his values (Lemmas 1 and 2 and the
    Theorem of proofs/farsighted-bound.md).

    Where his values are off the middles of their intervals by [D j], at most [radius j], all that a stage
    adds up is moved by a linear form in [D]: majorants of Theorem 3 become forms [A + dot L D]. *)
From Coq Require Import Reals List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums JointMajorant ResponseBounds Divergence.
Import ListNotations.
Open Scope R_scope.

(** ** Claims: on or below a concave hull of points, said by its supporting lines *)
Definition support (points : list (R * R)) (sigma : R) : R := maximum (fun x => snd x + sigma * fst x) points.

Definition below (points : list (R * R)) (d w : R) : Prop :=
  (exists x y, In x points /\ In y points /\ fst x <= d <= fst y) /\
  forall sigma, w <= support points sigma - sigma * d.

Lemma mean_snd_fst (omega : R * R -> R) sigma points :
  mean omega (fun x => snd x + sigma * fst x) points = mean omega snd points + sigma * mean omega fst points.
Proof. now rewrite mean_plus, mean_scale. Qed.

Theorem hull_below (omega : R * R -> R) points w : simplex omega points ->
  w <= mean omega snd points -> below points (mean omega fst points) w.
Proof.
  intros H Hw. pose proof (simplex_nonempty omega points H) as Hne. split.
  - destruct (maximum_attained fst points Hne) as (y & Hy & Ey).
    destruct (maximum_attained (fun x => - fst x) points Hne) as (x & Hx & Ex).
    exists x, y. split; [assumption|]. split; [assumption|]. split.
    + apply mean_lower; [assumption|]. intros a Ha.
      pose proof (maximum_above (fun x => - fst x) points a Ha) as L. cbv beta in *. lra.
    + apply mean_upper; [assumption|]. intros a Ha. rewrite Ey. now apply (maximum_above fst).
  - intros sigma. apply Rle_trans with (mean omega snd points); [assumption|].
    assert (mean omega (fun x => snd x + sigma * fst x) points <= support points sigma); [|rewrite mean_snd_fst in *; lra].
    apply mean_upper; [assumption|]. intros a Ha. now apply (maximum_above (fun x => snd x + sigma * fst x)).
Qed.

(** A public lottery over what is below a hull is below it: for leaders who randomise and remember. *)
Theorem lottery_below {X} (omega : X -> R) (l : list X) points (d w : X -> R) : simplex omega l ->
  (forall i, In i l -> below points (d i) (w i)) -> below points (mean omega d l) (mean omega w l).
Proof.
  intros H Hb. pose proof (simplex_nonempty omega l H) as Hne. split.
  - destruct (maximum_attained d l Hne) as (j & Hj & Ej).
    destruct (maximum_attained (fun i => - d i) l Hne) as (i & Hi & Ei).
    destruct (Hb i Hi) as [(x & _ & Hx & _ & Lx & _) _]. destruct (Hb j Hj) as [(_ & y & _ & Hy & _ & Ly) _].
    exists x, y. split; [assumption|]. split; [assumption|]. split.
    + apply Rle_trans with (d i); [assumption|]. apply mean_lower; [assumption|]. intros a Ha.
      pose proof (maximum_above (fun i => - d i) l a Ha) as L. cbv beta in *. lra.
    + apply Rle_trans with (d j); [|assumption]. rewrite Ej. apply mean_upper; [assumption|]. intros a Ha. now apply maximum_above.
  - intros sigma. rewrite <- (mean_const omega (support points sigma) l) by apply H.
    rewrite <- mean_scale, <- mean_minus. apply mean_le; [apply H|]. intros a Ha. now apply (Hb a Ha).
Qed.

Lemma support_monotone points points' sigma : points <> [] -> incl points points' -> support points sigma <= support points' sigma.
Proof.
  intros Hne Hi. destruct (maximum_attained (fun x => snd x + sigma * fst x) points Hne) as (x & Hx & E).
  unfold support at 1. rewrite <- E. apply (maximum_above (fun x => snd x + sigma * fst x)). auto.
Qed.

Lemma below_more points points' d w : incl points points' -> below points d w -> below points' d w.
Proof.
  intros Hi [(x & y & Hx & Hy & H) Hs]. split; [exists x, y; auto|]. intros sigma.
  apply Rle_trans with (1 := Hs sigma). apply Rplus_le_compat_r, support_monotone; [|assumption].
  intros ->. destruct Hx.
Qed.

Lemma segment_below points x y t w : In x points -> In y points -> 0 <= t <= 1 ->
  w <= (1 - t) * snd x + t * snd y -> below points ((1 - t) * fst x + t * fst y) w.
Proof.
  intros Hx Hy Ht Hw. split.
  - destruct (Rle_or_lt (fst x) (fst y)); [exists x, y|exists y, x]; (split; [assumption|]; split; [assumption|]); nra.
  - intros sigma. pose proof (maximum_above (fun x => snd x + sigma * fst x) points x Hx) as Bx.
    pose proof (maximum_above (fun x => snd x + sigma * fst x) points y Hy) as By. unfold support. cbv beta in *. nra.
Qed.

(** A claim about the value, at the end of the horizon. *)
Lemma below_nothing : below [(0, 0)] 0 0.
Proof. split; [exists (0, 0), (0, 0); simpl; repeat split; auto; lra|]. intros sigma. unfold support. simpl. lra. Qed.

(** ** Two inequalities of one variable *)
Lemma sinh_above x : 0 <= x -> 2 * x <= exp x - exp (- x).
Proof.
  intros Hx. pose proof (nondecreasing (fun z => (0 + 1 * exp z) - (exp (- z) + 2 * z))
    (fun z => 1 * exp z - (exp (- z) * - (1) + 2)) x Hx) as N. cbv beta in N.
  rewrite Ropp_0, exp_0 in N. assert (0 <= 0 + 1 * exp x - (exp (- x) + 2 * x)); [|lra].
  eapply Rle_trans; [|apply N].
  - lra.
  - intros c _. apply (derivable_pt_lim_minus (fun z => 0 + 1 * exp z)); [apply derivable_exp_scaled|].
    apply (derivable_pt_lim_plus (fun z => exp (- z)) (fun z => 2 * z)); [|apply derivable_linear].
    apply (derivable_pt_lim_comp (fun z => - z) exp); [|apply derivable_pt_lim_exp].
    apply (derivable_pt_lim_opp id c 1), derivable_pt_lim_id.
  - intros c _. pose proof (exp_pos c). assert (E : exp c * exp (- c) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
    assert (S : 0 <= exp (- c) * ((exp c - 1) * (exp c - 1))) by (apply Rmult_le_pos; [apply Rlt_le, exp_pos|apply Rle_0_sqr]).
    replace (exp (- c) * ((exp c - 1) * (exp c - 1)))
      with ((exp c * exp (- c)) * exp c - 2 * (exp c * exp (- c)) + exp (- c)) in S by ring.
    rewrite E in S. lra.
Qed.

(** The function [e^q - q] on [[-r, r]] is largest at [r]. *)
Lemma exp_beyond_its_tangent q r : - r <= q <= r -> exp q <= exp r - r + q.
Proof.
  assert (up : forall x, 0 <= x -> x <= r -> exp x <= exp r - r + x).
  { intros x Hx Hr. pose proof (exp_tangent x r). pose proof (exp_ineq1_le x). nra. }
  intros Hq. destruct (Rle_or_lt 0 q) as [H|H]; [apply up; lra|].
  pose proof (up (- q) ltac:(lra) ltac:(lra)) as U. pose proof (sinh_above (- q) ltac:(lra)) as S. rewrite Ropp_involutive in S. lra.
Qed.

Lemma ln_above x : 0 <= x -> 2 * x / (2 + x) <= ln (1 + x).
Proof.
  intros Hx. assert (Hl : 0 <= ln (1 + x)) by (rewrite <- ln_1; apply ln_mono; lra).
  pose proof (tanh_half_le _ Hl) as T. rewrite exp_ln in T by lra.
  replace (2 * x / (2 + x)) with (2 * ((1 + x - 1) / (1 + x + 1))) by (field; lra). lra.
Qed.

(** The concave [ln (T + q) - theta q] on [[-delta, delta]] is least at [- delta], for theta <= 1 / T. *)
Lemma ln_above_its_chord T delta theta q : 0 <= delta < T -> 0 <= theta -> theta * T <= 1 -> - delta <= q <= delta ->
  ln (T - delta) + theta * (q + delta) <= ln (T + q).
Proof.
  intros Hd H0 H1 Hq. set (x := (q + delta) / (T - delta)).
  assert (Hx : 0 <= x) by (apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra]).
  replace (T + q) with ((T - delta) * (1 + x)) by (unfold x; field; lra).
  rewrite ln_mult by lra. apply Rplus_le_compat_l. eapply Rle_trans; [|apply ln_above, Hx].
  replace (2 * x / (2 + x)) with (2 * (q + delta) / (2 * (T - delta) + (q + delta))) by (unfold x; field; nra).
  apply Rmult_le_reg_r with (2 * (T - delta) + (q + delta)); [lra|].
  replace (2 * (q + delta) / (2 * (T - delta) + (q + delta)) * (2 * (T - delta) + (q + delta))) with (2 * (q + delta)) by (field; lra).
  assert (theta * (2 * (T - delta) + (q + delta)) <= 2) by nra.
  apply Rle_trans with ((q + delta) * (theta * (2 * (T - delta) + (q + delta)))); [right; ring|].
  apply Rle_trans with ((q + delta) * 2); [apply Rmult_le_compat_l; lra|right; ring].
Qed.

(** ln lies above its chord, and above every flatter or steeper line that is below it at both ends. *)
Lemma ln_above_a_line l r e theta T : 0 < l -> l <= T <= r -> e <= ln l -> e + theta * (r - l) <= ln r ->
  e + theta * (T - l) <= ln T.
Proof.
  intros Hl HT He Hr. destruct (Req_dec l r) as [E|Hne].
  - assert (T = l) by lra. subst. lra.
  - set (t := (T - l) / (r - l)).
    assert (Ht : 0 <= t <= 1).
    { unfold t. split; [apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra]|].
      apply Rmult_le_reg_r with (r - l); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
    assert (ET : T - l = t * (r - l)) by (unfold t; field; lra).
    pose (w := fun b : bool => if b then 1 - t else t). pose (z := fun b : bool => if b then l else r).
    pose proof (ln_jensen w z [true; false]) as J. unfold simplex, mean, w, z in J. simpl in J.
    assert (I : (1 - t) * ln l + (t * ln r + 0) <= ln ((1 - t) * l + (t * r + 0))).
    { apply J; [split; [intros [] _; simpl; lra|lra]|]. intros [] _; lra. }
    replace ((1 - t) * l + (t * r + 0)) with T in I by lra.
    assert ((1 - t) * e <= (1 - t) * ln l) by (apply Rmult_le_compat_l; lra).
    assert (t * (e + theta * (r - l)) <= t * ln r) by (apply Rmult_le_compat_l; lra).
    rewrite ET. nra.
Qed.

(** ** Linear forms in the places' values, which lie in a box *)
Section Box.
Context {J : Type} (js : list J).
Variables (D radius : J -> R).
Hypothesis Hbox : forall j, In j js -> Rabs (D j) <= radius j.

Definition dot (c : J -> R) : R := rsum (fun j => c j * D j) js.
Definition reach (c : J -> R) : R := rsum (fun j => radius j * Rabs (c j)) js.

Lemma dot_ext c c' : (forall j, In j js -> c j = c' j) -> dot c = dot c'.
Proof. intros H. apply rsum_ext. intros j Hj. now rewrite H. Qed.

Lemma dot_plus c c' : dot (fun j => c j + c' j) = dot c + dot c'.
Proof. unfold dot. rewrite <- rsum_plus. apply rsum_ext. intros; ring. Qed.

Lemma dot_minus c c' : dot (fun j => c j - c' j) = dot c - dot c'.
Proof. unfold dot. rewrite <- rsum_minus. apply rsum_ext. intros; ring. Qed.

Lemma dot_scale k c : dot (fun j => k * c j) = k * dot c.
Proof. unfold dot. rewrite <- rsum_scale. apply rsum_ext. intros; ring. Qed.

Lemma dot_sum {X} (f : X -> J -> R) l : dot (fun j => rsum (fun i => f i j) l) = rsum (fun i => dot (f i)) l.
Proof.
  unfold dot. rewrite <- rsum_swap. apply rsum_ext. intros j _. symmetry. apply rsum_scale_r.
Qed.

Lemma dot_mean {X} (w : X -> R) (f : X -> J -> R) l : dot (fun j => mean w (fun i => f i j) l) = mean w (fun i => dot (f i)) l.
Proof.
  unfold mean. rewrite (dot_sum (fun i j => w i * f i j)). apply rsum_ext. intros i _. apply dot_scale.
Qed.

Lemma dot_reach c : - reach c <= dot c <= reach c.
Proof.
  assert (Rabs (dot c) <= reach c).
  { eapply Rle_trans; [apply rsum_abs|]. apply rsum_le. intros j Hj. rewrite Rabs_mult, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|auto]. }
  unfold Rabs in H. destruct Rcase_abs in H; lra.
Qed.

Lemma reach_nonneg c : 0 <= reach c.
Proof. pose proof (dot_reach c). lra. Qed.

(** ** Lemma 1 at one corner, where exponent and value are [x + dot push] and [y + dot lean] *)
Section Corner.
Variables (lam : R) (c : J -> R).
Let Lam : R := lam + dot c.

Definition up_slope (s : R) (push lean : J -> R) (j : J) : R := push j + (lean j - c j) / s.
Definition up_height (s x y : R) : R := s * exp (x + (y - lam) / s - 1).

Theorem up_form s x y push lean : 0 < s -> let g := up_slope s push lean in
  majorant_value Lam (Up s) (x + dot push) (y + dot lean)
  <= up_height s x y * (exp (reach g) - reach g) + dot (fun j => up_height s x y * g j).
Proof.
  intros Hs g. rewrite dot_scale, <- Rmult_plus_distr_l. unfold majorant_value, up_height.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  replace (x + dot push + (y + dot lean - Lam) / s - 1) with (x + (y - lam) / s - 1 + dot g).
  - rewrite exp_plus. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
    apply exp_beyond_its_tangent, dot_reach.
  - unfold g, up_slope. rewrite dot_plus, (dot_ext (fun j => (lean j - c j) / s) (fun j => / s * (lean j - c j))) by (intros; unfold Rdiv; ring).
    rewrite dot_scale, dot_minus. unfold Lam. field. lra.
Qed.

Definition tau (lean : J -> R) (j : J) : R := c j - lean j.
Definition down_slope (kappa theta : R) (push lean : J -> R) (j : J) : R := - kappa * (push j + theta * tau lean j).

Lemma gap_moves y lean : Lam - (y + dot lean) = lam - y + dot (tau lean).
Proof. unfold tau. rewrite dot_minus. unfold Lam. ring. Qed.

Lemma dot_down_slope kappa theta push lean :
  dot (down_slope kappa theta push lean) = - kappa * (dot push + theta * dot (tau lean)).
Proof. unfold down_slope. now rewrite dot_scale, dot_plus, dot_scale. Qed.

Theorem down_form kappa theta x y push lean : 0 < kappa -> let delta := reach (tau lean) in
  delta < lam - y -> 0 <= theta -> theta * (lam - y) <= 1 ->
  applies Lam (Down kappa) (y + dot lean) /\
  majorant_value Lam (Down kappa) (x + dot push) (y + dot lean)
  <= - (kappa * (1 + x + ln ((lam - y - delta) / kappa) + theta * delta)) + dot (down_slope kappa theta push lean).
Proof.
  intros Hk delta Hd H0 H1. pose proof (dot_reach (tau lean)) as R. pose proof (reach_nonneg (tau lean)) as N.
  fold delta in R, N. pose proof (gap_moves y lean) as E. split; [split; lra|].
  unfold majorant_value. rewrite E, dot_down_slope.
  assert (L : ln ((lam - y - delta) / kappa) + theta * (dot (tau lean) + delta) <= ln ((lam - y + dot (tau lean)) / kappa)).
  { unfold Rdiv. rewrite !ln_mult by (lra || now apply Rinv_0_lt_compat).
    pose proof (ln_above_its_chord (lam - y) delta theta (dot (tau lean)) ltac:(lra) H0 H1 R). lra. }
  apply Rmult_le_compat_l with (r := kappa) in L; [|lra]. nra.
Qed.

(** Where places of the next step are free they add [pull] to the exponent and [heights] to the value;
    on each part [[l, r]] of the range of the gap, ln is above a line of slope theta. *)
Definition line_height (l r theta : R) : R := Rmin (ln l) (ln r - theta * (r - l)).

Definition chord_height (kappa x y h : R) (chord : R * R * R) : R :=
  let '(l, r, theta) := chord in
  - (kappa * (1 + x + line_height l r theta + theta * (lam - y - l) - ln kappa - h)).

Theorem chord_form kappa x y push lean pull heights h l r theta : 0 < kappa -> 0 < l ->
  l <= Lam - (y + dot lean + heights) <= r -> theta * heights - pull <= h ->
  applies Lam (Down kappa) (y + dot lean + heights) /\
  majorant_value Lam (Down kappa) (x + dot push + pull) (y + dot lean + heights)
  <= chord_height kappa x y h (l, r, theta) + dot (down_slope kappa theta push lean).
Proof.
  intros Hk Hl HT Hh. pose proof (gap_moves y lean) as E. split; [split; lra|].
  unfold majorant_value, chord_height. rewrite dot_down_slope.
  set (T := Lam - (y + dot lean + heights)) in *.
  assert (ET : T = lam - y - heights + dot (tau lean)) by (unfold T; lra).
  assert (L : line_height l r theta + theta * (T - l) <= ln T).
  { apply (ln_above_a_line l r); [assumption|assumption|apply Rmin_l|].
    pose proof (Rmin_r (ln l) (ln r - theta * (r - l))). unfold line_height. lra. }
  assert (El : ln (T / kappa) = ln T - ln kappa).
  { unfold Rdiv. rewrite ln_mult, ln_Rinv by (lra || now apply Rinv_0_lt_compat). ring. }
  rewrite El. assert (I : 1 + x + line_height l r theta + theta * (lam - y - l) - ln kappa - h + (dot push + theta * dot (tau lean))
    <= 1 + (x + dot push + pull) + (ln T - ln kappa)) by (rewrite ET in L at 1; nra).
  apply Rmult_le_compat_l with (r := kappa) in I; [|lra]. nra.
Qed.
End Corner.

(** ** Lemma 1 on a tree over the leader's mixtures, for majorants of any kind *)
Section Tree.
Variables (K : Type) (n : nat) (Lam : R) (q w : nat -> nat -> R).    (* b a: exponents and values, at the true D *)
Variables (base : K -> majorant) (reading : K -> nat -> nat -> R).
Variable has_form : K -> nat -> (nat -> R) -> R -> (J -> R) -> Prop. (* of b, at a mixture: A and L *)
Variable members : nat -> Prop.
Hypothesis reading_above : forall m b a, members b -> (a < n)%nat -> w b a <= reading m b a.
Hypothesis form_correct : forall m b C A L, members b -> simplex C (seq 0 n) -> has_form m b C A L ->
  applies Lam (base m) (mean C (reading m b) (seq 0 n)) /\
  majorant_value Lam (base m) (mean C (q b) (seq 0 n)) (mean C (reading m b) (seq 0 n)) <= A + dot L.

Inductive tree := Leaf (ms : nat -> K) | Split (i j : nat) (first second : tree).

Definition halved (i j k : nat) (C : nat -> nat -> R) (e a : nat) : R := moved i j k (fun e' => C e' a) e.
Definition pure (e a : nat) : R := if (a =? e)%nat then 1 else 0.

(** With corners [C], the sum over a cell is at most [g] and what [M] moves. *)
Fixpoint tree_holds (cell : list nat) (M : J -> R) (g : R) (T : tree) (C : nat -> nat -> R) : Prop :=
  match T with
  | Leaf ms => forall e, (e < n)%nat -> exists (A : nat -> R) (L : nat -> J -> R),
      (forall b, In b cell -> has_form (ms b) b (C e) (A b) (L b)) /\
      rsum A cell + reach (fun j => rsum (fun b => L b j) cell - M j) <= g
  | Split i j first second => (i < n)%nat /\ (j < n)%nat /\ i <> j /\
      tree_holds cell M g first (halved i j i C) /\ tree_holds cell M g second (halved i j j C)
  end.

Lemma mean_halved i j k C e f :
  mean (halved i j k C e) f (seq 0 n) = moved i j k (fun e' => mean (C e') f (seq 0 n)) e.
Proof.
  unfold halved, moved. destruct (e =? k)%nat; [|reflexivity].
  unfold mean, Rdiv. rewrite <- rsum_plus, <- rsum_scale_r. apply rsum_ext. intros; field.
Qed.

Lemma halved_simplex i j k C : (i < n)%nat -> (j < n)%nat ->
  (forall e, (e < n)%nat -> simplex (C e) (seq 0 n)) -> forall e, (e < n)%nat -> simplex (halved i j k C e) (seq 0 n).
Proof.
  intros Hi Hj HC e He. destruct (HC i Hi) as [Ni Si], (HC j Hj) as [Nj Sj], (HC e He) as [Ne Se].
  unfold halved, moved. destruct (e =? k)%nat; [|split; assumption]. split.
  - intros a Ha. specialize (Ni a Ha). specialize (Nj a Ha). lra.
  - rewrite (rsum_ext _ (fun a => / 2 * (C i a + C j a))) by (intros; field).
    rewrite rsum_scale, rsum_plus, Si, Sj. field.
Qed.

Theorem tree_sum cell M g T alpha : (forall b, In b cell -> members b) -> simplex alpha (seq 0 n) ->
  forall C t, (forall e, (e < n)%nat -> simplex (C e) (seq 0 n)) -> simplex t (seq 0 n) ->
  (forall f, mean alpha f (seq 0 n) = mean t (fun e => mean (C e) f (seq 0 n)) (seq 0 n)) ->
  tree_holds cell M g T C ->
  rsum (fun b => exp (mean alpha (q b) (seq 0 n)) * (mean alpha (w b) (seq 0 n) - Lam)) cell <= g + dot M.
Proof.
  intros Hm Ha. induction T as [ms|i j T1 IH1 T2 IH2]; intros C t HC Ht E; cbn [tree_holds].
  - intros H. apply Rle_trans with
      (rsum (fun b => exp (mean t (fun e => mean (C e) (q b) (seq 0 n)) (seq 0 n)) *
        (mean t (fun e => mean (C e) (reading (ms b) b) (seq 0 n)) (seq 0 n) - Lam)) cell).
    + apply rsum_le. intros b Hb. rewrite E. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
      apply Rplus_le_compat_r. rewrite <- E. apply mean_le; [apply Ha|]. intros a Hin.
      apply in_seq in Hin. apply reading_above; [now apply Hm|lia].
    + apply (joint_majorant (seq 0 n) cell t Lam (fun b => base (ms b))
        (fun b e => mean (C e) (q b) (seq 0 n)) (fun b e => mean (C e) (reading (ms b) b) (seq 0 n))); [assumption|..].
      * intros b e Hb He. apply in_seq in He. destruct (H e ltac:(lia)) as (A & L & HF & _).
        apply (form_correct (ms b) b (C e) (A b) (L b)); [now apply Hm|apply HC; lia|now apply HF].
      * intros e He. apply in_seq in He. destruct (H e ltac:(lia)) as (A & L & HF & HS).
        apply Rle_trans with (rsum (fun b => A b + dot (L b)) cell).
        { apply rsum_le. intros b Hb. apply (form_correct (ms b) b (C e) (A b) (L b)); [now apply Hm|apply HC; lia|now apply HF]. }
        rewrite rsum_plus, <- dot_sum.
        pose proof (dot_reach (fun j => rsum (fun b => L b j) cell - M j)) as R. rewrite dot_minus in R. lra.
  - intros (Hi & Hj & Hij & H1 & H2). destruct (halves_cover n i j t Hi Hj Hij Ht) as (k & t' & Hk & Ht' & Em).
    assert (E' : forall f, mean alpha f (seq 0 n) = mean t' (fun e => mean (halved i j k C e) f (seq 0 n)) (seq 0 n)).
    { intros f. rewrite E, <- Em. apply mean_ext. intros e _. symmetry. apply mean_halved. }
    pose proof (halved_simplex i j k C Hi Hj HC) as HC'.
    destruct Hk as [->| ->]; [now apply (IH1 (halved i j i C) t')|now apply (IH2 (halved i j j C) t')].
Qed.

Lemma pure_simplex e : (e < n)%nat -> simplex (pure e) (seq 0 n).
Proof.
  intros He. split; [intros a _; unfold pure; destruct (a =? e)%nat; lra|].
  apply rsum_single; [apply seq_NoDup|apply in_seq; lia].
Qed.

Lemma mean_pure e f : (e < n)%nat -> mean (pure e) f (seq 0 n) = f e.
Proof.
  intros He. rewrite <- (rsum_single (seq 0 n) e (f e)) by (apply seq_NoDup || apply in_seq; lia).
  apply rsum_ext. intros a _. unfold pure. destruct (Nat.eqb_spec a e) as [->|]; ring.
Qed.

(** ** Lemma 2: the sum over cells *)
Definition proof_of_cell : Type := tree * (J -> R) * R.

Fixpoint cells_hold (cells : list (list nat)) (proofs : list proof_of_cell) : Prop :=
  match cells, proofs with
  | [], [] => True
  | cell :: cells', (T, M, g) :: proofs' => tree_holds cell M g T pure /\ cells_hold cells' proofs'
  | _, _ => False
  end.

Definition total (proofs : list proof_of_cell) : R :=
  rsum (fun x : proof_of_cell => snd x) proofs + reach (fun j => rsum (fun x : proof_of_cell => snd (fst x) j) proofs).

Theorem cells_sum alpha : forall cells proofs,
  (forall cell, In cell cells -> cell <> []) ->
  (forall cell b, In cell cells -> In b cell -> members b /\ simplex (alpha b) (seq 0 n)) ->
  (forall cell b b' a, In cell cells -> In b cell -> In b' cell -> alpha b a = alpha b' a) ->
  cells_hold cells proofs ->
  rsum (fun cell => rsum (fun b => exp (mean (alpha b) (q b) (seq 0 n)) * (mean (alpha b) (w b) (seq 0 n) - Lam)) cell) cells
  <= total proofs.
Proof.
  intros cells proofs Hne Hs He H.
  apply Rle_trans with (rsum (fun x : proof_of_cell => snd x) proofs + dot (fun j => rsum (fun x : proof_of_cell => snd (fst x) j) proofs)).
  2:{ unfold total. apply Rplus_le_compat_l, dot_reach. }
  revert proofs H. induction cells as [|cell cells IH]; intros [|[[T M] g] proofs]; cbn [cells_hold rsum fst snd]; try tauto.
  - intros _. unfold dot. rewrite (rsum_ext _ (fun _ => 0)) by (intros; ring). rewrite rsum_zero. lra.
  - intros [H1 H2].
    assert (I := IH (fun cell H => Hne cell (or_intror H)) (fun cell b H => Hs cell b (or_intror H))
      (fun cell b b' a H => He cell b b' a (or_intror H)) proofs H2).
    rewrite dot_plus. destruct cell as [|b0 cell'] eqn:Ec; [now destruct (Hne [] (or_introl eq_refl))|].
    rewrite <- Ec in *. assert (Hb0 : In b0 cell) by (rewrite Ec; now left).
    destruct (Hs cell b0 (or_introl eq_refl) Hb0) as [_ Ha0].
    assert (F : rsum (fun b => exp (mean (alpha b0) (q b) (seq 0 n)) * (mean (alpha b0) (w b) (seq 0 n) - Lam)) cell <= g + dot M).
    { apply (tree_sum cell M g T (alpha b0)) with (C := pure) (t := alpha b0); try assumption.
      - intros b Hb. now apply (Hs cell b (or_introl eq_refl)).
      - apply pure_simplex.
      - intros f. apply mean_ext. intros e Hin. apply in_seq in Hin. symmetry. apply mean_pure. lia. }
    rewrite (rsum_ext _ (fun b => exp (mean (alpha b0) (q b) (seq 0 n)) * (mean (alpha b0) (w b) (seq 0 n) - Lam))); [lra|].
    intros b Hb. assert (Ew : forall f, mean (alpha b) f (seq 0 n) = mean (alpha b0) f (seq 0 n)); [|now rewrite !Ew].
    intros f. apply rsum_ext. intros a _. now rewrite (He cell b b0 a (or_introl eq_refl) Hb Hb0).
Qed.
End Tree.
End Box.

Arguments Leaf {K}.
Arguments Split {K}.

(** ** The Theorem: from the sum to the value, and from pieces of an interval to a claim *)
Theorem value_from_sum W Lam G d : exp d * (W - Lam) <= G -> W <= Lam + G * exp (- d).
Proof.
  intros H. apply Rmult_le_compat_r with (r := exp (- d)) in H; [|apply Rlt_le, exp_pos].
  replace (exp d * (W - Lam) * exp (- d)) with ((exp d * exp (- d)) * (W - Lam)) in H by ring.
  rewrite <- exp_plus, Rplus_opp_r, exp_0 in H. lra.
Qed.

Theorem value_from_nonpositive_sum W Lam G d : exp d * (W - Lam) <= G -> G <= 0 -> W <= Lam.
Proof. intros H HG. pose proof (exp_pos d). nra. Qed.

(** At an end [d] of a piece: on the chord of [G e^(- d)] if [G >= 0], else on its tangent at [middle]. *)
Definition piece_height (G middle d : R) : R :=
  if Rle_dec 0 G then G * exp (- d) else G * exp (- middle) * (1 - (d - middle)).

Lemma piece_above G middle start stop t : 0 <= t <= 1 ->
  G * exp (- ((1 - t) * start + t * stop)) <= (1 - t) * piece_height G middle start + t * piece_height G middle stop.
Proof.
  intros Ht. unfold piece_height. destruct (Rle_dec 0 G) as [HG|HG].
  - pose proof (exp_jensen (fun b : bool => if b then 1 - t else t) (fun b : bool => if b then - start else - stop) [true; false]) as J.
    unfold simplex, mean in J. simpl in J.
    assert (I : exp ((1 - t) * - start + (t * - stop + 0)) <= (1 - t) * exp (- start) + (t * exp (- stop) + 0)).
    { apply J. split; [intros [] _; lra|lra]. }
    replace ((1 - t) * - start + (t * - stop + 0)) with (- ((1 - t) * start + t * stop)) in I by ring. nra.
  - pose proof (exp_tangent (- middle) (- ((1 - t) * start + t * stop))) as T. nra.
Qed.

Theorem piece_below points G middle lam start stop d w K K' : start <= d <= stop ->
  In (start, K) points -> In (stop, K') points ->
  lam + piece_height G middle start <= K -> lam + piece_height G middle stop <= K' ->
  w <= lam + G * exp (- d) -> below points d w.
Proof.
  intros Hd H1 H2 B1 B2 Hw.
  assert (exists t, 0 <= t <= 1 /\ d = (1 - t) * start + t * stop) as (t & Ht & ->).
  { destruct (Req_dec start stop) as [E|Hne]; [exists 0; split; lra|].
    exists ((d - start) / (stop - start)). split; [|field; lra]. split.
    - apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra].
    - apply Rmult_le_reg_r with (stop - start); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  apply (segment_below points (start, K) (stop, K')); try assumption. cbn [fst snd].
  pose proof (piece_above G middle start stop t Ht).
  assert ((1 - t) * (lam + piece_height G middle start) <= (1 - t) * K) by (apply Rmult_le_compat_l; lra).
  assert (t * (lam + piece_height G middle stop) <= t * K') by (apply Rmult_le_compat_l; lra). lra.
Qed.
